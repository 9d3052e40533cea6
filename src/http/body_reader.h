#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"

namespace wasm_server {

// A request's body as it arrives, for handlers of routes that take it so (BodyHandling::kStreamed).
// What is not asked for is not read, so that a client can be no faster than its handler; a client
// that waits for it is told to go on by the first call. May also be used by the body of the reply
// (a BodySource), up to its end. On the session's event loop only, one call at a time.
class BodyReader {
 public:
  virtual ~BodyReader() = default;

  // The length, when the client announced it.
  virtual std::optional<std::uint64_t> size() const = 0;

  // The next bytes, at most 64 KiB, valid until the next call; empty at the end. An error is the
  // client's answer: the body is too large, too slow or malformed, or it broke off, and then nobody
  // will read the answer. It stays.
  virtual Task<Result<ByteView>> next() = 0;

  // What has arrived already, like next(); empty also where that would have to wait, or to tell the
  // client to go on.
  virtual ByteView arrived() = 0;

  // Whether all of it was given out.
  virtual bool has_ended() const = 0;

  // A next() that waits for the client returns an empty piece now, although the body has not ended.
  virtual void interrupt() = 0;
};

}  // namespace wasm_server
