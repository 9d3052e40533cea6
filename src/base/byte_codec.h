#pragma once

// Little-endian numbers and counted strings, for bytes on disk and between processes. The reader
// never reads beyond its input: after the first value that does not fit it has `failed()` and only
// returns zeros, so that a decoder may check once, at its end.

#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_server {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void u8(std::uint8_t value) { out_ += static_cast<char>(value); }
  void u64(std::uint64_t value);
  void varint(std::uint64_t value);  // LEB128, 1-10 bytes
  void raw(std::string_view bytes) { out_ += bytes; }
  void text(std::string_view text);  // varint length, bytes

 private:
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  std::uint8_t u8();
  std::uint64_t u64();
  std::uint64_t varint();
  std::string_view raw(std::size_t size);
  std::string_view text();

  // A number of elements of at least one byte each: more than the input can hold is a failure.
  std::size_t count();

  // For a decoder that meets a value out of its range, e.g. of an enum.
  void fail();
  bool failed() const { return failed_; }
  bool at_end() const { return in_.empty(); }

 private:
  std::string_view in_;
  bool failed_ = false;
};

}  // namespace wasm_server
