#include "handlers/modules/answer_memory.h"

#include <memory>
#include <utility>
#include <variant>

#include "handlers/modules/blob_body.h"

namespace wasm_server {
namespace {

struct CountedBytes {
  Bytes bytes;
  MemoryShare share;
};

}  // namespace

Reply with_memory(Reply reply, MemoryShare share) {
  if (share.bytes() == 0) return reply;
  const auto counted = std::make_shared<const CountedBytes>(
      CountedBytes{std::get<Bytes>(std::move(reply.body)), std::move(share)});
  reply.body = SharedBytes{counted, &counted->bytes};
  return reply;
}

Result<MemoryShare> AnswerMemory::take(std::uint64_t bytes) {
  MemoryShare share(&budget_);
  if (bytes > kLargeBody && !share.take(bytes)) {
    return fail(ErrorCode::kOverloaded, "too many large answers are being sent");
  }
  return share;
}

Result<Reply> AnswerMemory::reply(Bytes json) {
  TRY_ASSIGN(MemoryShare share, take(json.size()));
  return with_memory(json_reply(200, std::move(json)), std::move(share));
}

}  // namespace wasm_server
