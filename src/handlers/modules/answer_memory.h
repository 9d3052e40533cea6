#pragma once

// Counts the memory of large answers that are held as a whole while their clients read them, and
// refuses more than the budget has. Safe from any thread.

#include <cstdint>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "http/reply.h"

namespace wasm_server {

// `reply`, whose body is in memory, with what that is counted by until it has been sent.
Reply with_memory(Reply reply, MemoryShare share);

class AnswerMemory {
 public:
  // `budget` outlives all answers.
  explicit AnswerMemory(MemoryBudget& budget) : budget_(budget) {}

  // Reserves `bytes` for the share's life. Up to kLargeBody nothing is counted. kOverloaded when
  // that much is not left.
  Result<MemoryShare> take(std::uint64_t bytes);

  // 200 with `json`, which is counted until it has been sent.
  Result<Reply> reply(Bytes json);

 private:
  MemoryBudget& budget_;
};

}  // namespace wasm_server
