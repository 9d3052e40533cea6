#include "http/body_sink.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wasm_server {
namespace {

constexpr std::uint64_t kFirstStep = 64U << 10;

}  // namespace

bool BodySink::make_room(std::uint64_t expected) {
  const std::uint64_t space = bytes_.size();
  if (received_ < space) return true;
  const std::uint64_t grown = std::min(expected, std::max(kFirstStep, space * 4));
  const std::uint64_t charge = grown > kFree ? grown : 0;
  if (charge > charged_) {
    if (!budget_.take(charge - charged_)) return false;
    charged_ = charge;
  }
  bytes_.resize_and_overwrite(grown, [grown](char*, std::size_t) { return grown; });
  return true;
}

std::span<char> BodySink::room(std::uint64_t expected) {
  const std::uint64_t end = std::min<std::uint64_t>(expected, bytes_.size());
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
  received_ = 0;
  return std::exchange(bytes_, {});
}

void BodySink::release() {
  if (charged_ != 0) budget_.give_back(std::exchange(charged_, 0));
  bytes_ = Bytes();  // its memory too, of which no one is charged any more
  received_ = 0;
}

}  // namespace wasm_server
