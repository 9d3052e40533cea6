#include "services/code_reader.h"

#include <algorithm>

namespace wasm_server {
namespace {

constexpr std::uint64_t kSlice = 192U << 10;
static_assert(kSlice % 3 == 0);

}  // namespace

Result<ByteView> CodeReader::next() {
  TRY(read(offset_, slice_));
  offset_ += slice_.size();
  return ByteView{slice_};
}

Result<void> CodeReader::verify_next() { return read(verified_, looked_at_); }

Result<void> CodeReader::read(std::uint64_t offset, Bytes& out) {
  const std::uint64_t length = std::min(kSlice, size_ - offset);
  TRY_ASSIGN(const bool there, store_.read_code_slice(digest_, offset, length, out));
  if (!there) return fail(ErrorCode::kNotFound, "the module was deleted meanwhile");
  if (out.size() != length) return fail(ErrorCode::kInternal, "a blob is shorter than its size");
  verified_ = std::max(verified_, offset + length);
  return {};
}

}  // namespace wasm_server
