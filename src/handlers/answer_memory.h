#pragma once

// The memory of large answers that are in it as a whole, for as long as their clients take to read
// them. Safe from any thread.

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "http/body_budget.h"
#include "http/reply.h"

namespace wasm_server {

class AnswerMemory {
 public:
  explicit AnswerMemory(std::uint64_t limit) : budget_(std::make_shared<BodyBudget>(limit)) {}

  // So many bytes, until what it gives is destroyed; it may outlive this. Up to kLargeBody they are
  // not counted. kOverloaded when that much is not left.
  using Share = std::shared_ptr<const void>;
  Result<Share> take(std::uint64_t bytes);

  // 200 with `json`, which is counted until it was sent.
  Result<Reply> reply(Bytes json);

 private:
  const std::shared_ptr<BodyBudget> budget_;
};

}  // namespace wasm_server
