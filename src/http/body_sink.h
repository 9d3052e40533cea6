#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/memory_budget.h"

namespace wasm_server {

// Where a request's body arrives: a string that grows in steps of four as the bytes come, so that a
// client which declares 128 MiB and sends nothing costs 64 KiB. What it holds is charged to the
// budget until `release`. Used on the session's thread.
class BodySink {
 public:
  // Bodies up to this size are not charged: every connection may hold one, and they are the hot
  // path.
  static constexpr std::uint64_t kFree = 4U << 10;

  explicit BodySink(MemoryCharge& budget) : budget_(budget) {}
  ~BodySink() { release(); }
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;

  std::uint64_t received() const { return received_; }

  // Room for more, of a body that will have at least `expected` bytes in all (> received()). False:
  // the budget is used up.
  bool make_room(std::uint64_t expected);
  // Free space, at most up to `expected` bytes in all and not more than should be read at once; not
  // empty after make_room(expected).
  std::span<char> room(std::uint64_t expected);
  void filled(std::size_t n) { received_ += n; }
  // False: the budget is used up.
  bool append(std::string_view data);

  // The body as it arrived; still charged until `release`.
  Bytes take();
  void release();

 private:
  MemoryCharge& budget_;
  Bytes bytes_;  // its size is the space, of which `received_` bytes are filled
  std::uint64_t received_ = 0;
  std::uint64_t granted_ = 0;  // of the space, and charged when that is more than kFree
  std::uint64_t charged_ = 0;
};

}  // namespace wasm_server
