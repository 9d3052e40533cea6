#include "handlers/answer_memory.h"

#include <utility>

#include "handlers/blob_body.h"

namespace wasm_server {
namespace {

struct CountedBytes {
  Bytes bytes;
  AnswerMemory::Share share;
};

}  // namespace

Result<AnswerMemory::Share> AnswerMemory::take(std::uint64_t bytes) {
  if (bytes <= kLargeBody) return nullptr;
  if (!budget_->take(bytes)) {
    return fail(ErrorCode::kOverloaded, "too many large answers are being sent");
  }
  const auto give_back = [budget = budget_, bytes](const void*) { budget->give_back(bytes); };
  return Share{budget_.get(), give_back};
}

Result<Reply> AnswerMemory::reply(Bytes json) {
  Result<Share> share = take(json.size());
  if (!share) return std::unexpected{std::move(share).error()};
  if (!*share) return json_reply(200, std::move(json));
  Reply reply = json_reply(200, {});
  const auto counted =
      std::make_shared<const CountedBytes>(CountedBytes{std::move(json), *std::move(share)});
  reply.body = SharedBytes{counted, &counted->bytes};
  return reply;
}

}  // namespace wasm_server
