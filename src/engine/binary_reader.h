#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_server {

// Reads the primitives of the WebAssembly binary format (core specification 3.0, section 5.2). The
// first failure sticks: from then on everything reads as zero or empty, so that callers check once,
// at the end of a loop's step or of a section. Never reads outside of `bytes`, which must outlive
// it.
class BinaryReader {
 public:
  explicit BinaryReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return failure_ == nullptr; }
  // What went wrong first; empty when nothing did.
  std::string_view failure() const { return ok() ? std::string_view{} : failure_; }
  bool at_end() const { return rest_.empty(); }
  // What has not been read; after a failure, nothing.
  std::string_view rest() const { return rest_; }

  std::uint8_t byte();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t s33();
  std::string_view bytes(std::size_t count);
  // Length and bytes; not checked to be UTF-8.
  std::string_view name() { return bytes(u32()); }
  // The count of a vector whose items take at least a byte each: more than there are bytes is a
  // failure, so that it is safe to reserve for it.
  std::uint32_t count();

  // `reason` is a literal.
  void fail(const char* reason);

 private:
  std::uint64_t unsigned_leb(unsigned bits);

  std::string_view rest_;
  const char* failure_ = nullptr;
};

}  // namespace wasm_server
