#pragma once

// Codings of a request's body (RFC 9110, section 8.4.1) and how they are undone.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/request.h"

namespace wasm_server {

enum class ContentCoding : std::uint8_t { kIdentity, kGzip, kZstd };

// What Accept-Encoding says on an answer to another coding.
inline constexpr std::string_view kTakenCodings = "gzip, zstd";

// Of Content-Encoding. kUnsupportedMediaType for another coding than these, or several.
Result<ContentCoding> content_coding(const Request& request);

// Undoes one coding, as the bytes come. Its memory is bounded (memory()), and so is what one step
// makes. Used by one thread.
class ContentDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;  // of `in`
    std::size_t produced = 0;  // in `out`
  };

  virtual ~ContentDecoder() = default;

  // Goes on until `in` is used up or `out` (not empty) is full. Empty when `in` is not of the
  // coding.
  virtual std::optional<Step> decode(std::string_view in, std::span<char> out) = 0;
  // Whether all that was given is whole, so that the body may end here.
  virtual bool is_complete() const = 0;
  // What it holds, in bytes; it may grow with a step.
  virtual std::size_t memory() const = 0;
};

// Null for kIdentity.
std::unique_ptr<ContentDecoder> make_content_decoder(ContentCoding coding);

}  // namespace wasm_server
