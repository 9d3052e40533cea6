#include "http/body_sink.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wasm_server {
namespace {

constexpr std::uint64_t kFirstStep = 64U << 10;
// Of a body that has come this far, the whole is given its memory, so that it need not be moved any
// more: what nothing was received into is only addresses. Moving 4 MB takes milliseconds.
constexpr std::uint64_t kWhole = 1U << 20;
// Of a smaller body already then, because moving is a good part of what it costs: the addresses are
// at most 16 times what it is charged.
constexpr std::uint64_t kWholeOfSmaller = 256U << 10;
constexpr std::uint64_t kSmaller = 4U << 20;
// More would make the other connections of the loop wait.
constexpr std::uint64_t kMaxAtOnce = 128U << 10;

}  // namespace

bool BodySink::make_room(std::uint64_t expected) {
  if (received_ < granted_) return true;
  const std::uint64_t grown = std::min(expected, std::max(kFirstStep, granted_ * 4));
  const std::uint64_t charge = grown > kFree ? grown : 0;
  if (charge > charged_) {
    if (!budget_.take(charge - charged_)) return false;
    charged_ = charge;
  }
  granted_ = grown;
  const bool whole = grown >= (expected <= kSmaller ? kWholeOfSmaller : kWhole);
  const std::uint64_t space = whole ? expected : grown;
  if (space > bytes_.size()) {
    bytes_.resize_and_overwrite(space, [space](char*, std::size_t) { return space; });
  }
  return true;
}

std::span<char> BodySink::room(std::uint64_t expected) {
  const std::uint64_t end = std::min({expected, granted_, received_ + kMaxAtOnce});
  return {bytes_.data() + received_, end - received_};
}

bool BodySink::append(std::string_view data) {
  while (!data.empty()) {
    const std::uint64_t expected = received_ + data.size();
    if (!make_room(expected)) return false;
    const std::span<char> space = room(expected);
    std::memcpy(space.data(), data.data(), space.size());
    filled(space.size());
    data.remove_prefix(space.size());
  }
  return true;
}

Bytes BodySink::take() {
  bytes_.resize(received_);
  received_ = granted_ = 0;
  return std::exchange(bytes_, {});
}

void BodySink::release() {
  if (charged_ != 0) budget_.release(std::exchange(charged_, 0));
  bytes_ = Bytes();  // its memory too, of which no one is charged any more
  received_ = granted_ = 0;
}

}  // namespace wasm_server
