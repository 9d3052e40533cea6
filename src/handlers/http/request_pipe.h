#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "base/bytes.h"
#include "engine/runnable/http_exchange.h"

namespace wasm_server {

// A request's body on its way from a session's loop to the guest, on whatever thread that runs: at
// most one piece waits beside the one that the guest has.
class RequestPipe {
 public:
  // The guest's side. `piece` is valid until the next call.
  HttpExchange::BodyRead read(ByteView& piece);

  // The other side; the first three once there is nothing left of the piece before.
  void put(ByteView piece);
  void end() { close(End::kWhole); }
  // There will be no more, and that is not the end of the body.
  void abort() { close(End::kAborted); }

  // Whether the guest has shown that it wants the body, and there is none for it now.
  bool wants_more();
  // Whether the guest stands still for want of a piece that there is now.
  bool can_resume();
  // What wakes it up then.
  void set_resume(std::function<void()> resume);

 private:
  enum class End : std::uint8_t { kNone, kWhole, kAborted };

  void close(End end);
  void resume_guest();

  std::mutex mutex_;
  Bytes waiting_;  // guarded by mutex_, as all below
  Bytes given_;    // what the guest has; its thread's
  End end_ = End::kNone;
  bool asked_ = false;
  bool guest_waits_ = false;
  std::function<void()> resume_;  // the loop's
};

}  // namespace wasm_server
