#include "handlers/blob_body.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kSlice = 192U
                                 << 10;  // a multiple of 3: only the last one's base64 is padded
static_assert(kSlice % 3 == 0);

// Reads a blob from its start to its end.
class BlobReader {
 public:
  BlobReader(Store& store, const Digest& digest, std::uint64_t size)
      : store_(store), digest_(digest), size_(size) {}

  bool at_end() const { return offset_ == size_; }

  // Valid until the next call.
  Result<ByteView> next() {
    const std::uint64_t length = std::min(kSlice, size_ - offset_);
    Result<bool> there = store_.read_blob_slice(digest_, offset_, length, slice_);
    if (!there) return std::unexpected{std::move(there).error()};
    if (!*there) return fail(ErrorCode::kNotFound, "the module was deleted meanwhile");
    if (slice_.size() != length)
      return fail(ErrorCode::kInternal, "a blob is shorter than its size");
    offset_ += length;
    return ByteView{slice_};
  }

 private:
  Store& store_;
  const Digest digest_;
  const std::uint64_t size_;
  std::uint64_t offset_ = 0;
  Bytes slice_;
};

class RawBody final : public BodySource {
 public:
  RawBody(Store& store, const Digest& digest, std::uint64_t size)
      : reader_(store, digest, size), size_(size) {}

  std::optional<std::uint64_t> size() const override { return size_; }

  Task<Result<ByteView>> next() override {
    if (reader_.at_end()) co_return ByteView{};
    co_return reader_.next();
  }

 private:
  BlobReader reader_;
  const std::uint64_t size_;
};

class JsonBody final : public BodySource {
 public:
  JsonBody(Store& store, const Digest& digest, std::uint64_t size, StorageFrame frame,
           AnswerMemory::Share share)
      : reader_(store, digest, size),
        size_(frame.head.size() + base64_length(size) + frame.tail.size()),
        share_(std::move(share)),
        frame_(std::move(frame)) {}

  std::optional<std::uint64_t> size() const override { return size_; }

  Task<Result<ByteView>> next() override { co_return next_part(); }

 private:
  enum class Part { kHead, kCode, kEnd };

  Result<ByteView> next_part() {
    if (part_ == Part::kEnd) return ByteView{};
    if (part_ == Part::kHead) {
      part_ = Part::kCode;
      return ByteView{frame_.head};
    }
    if (!reader_.at_end()) return next_of_code();
    part_ = Part::kEnd;
    return ByteView{frame_.tail};
  }

  Result<ByteView> next_of_code() {
    Result<ByteView> slice = reader_.next();
    if (!slice) return slice;
    text_ = encode_base64(*slice);
    return ByteView{text_};
  }

  BlobReader reader_;
  const std::uint64_t size_;
  const AnswerMemory::Share share_;
  const StorageFrame frame_;
  Part part_ = Part::kHead;
  std::string text_;
};

}  // namespace

std::unique_ptr<BodySource> make_raw_body(Store& store, const Digest& digest, std::uint64_t size) {
  return std::make_unique<RawBody>(store, digest, size);
}

std::unique_ptr<BodySource> make_json_body(Store& store, const Digest& digest, std::uint64_t size,
                                           StorageFrame frame, AnswerMemory::Share share) {
  return std::make_unique<JsonBody>(store, digest, size, std::move(frame), std::move(share));
}

}  // namespace wasm_server
