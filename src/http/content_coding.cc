#include "http/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "base/text.h"

namespace wasm_server {
namespace {

// The next name of a list, trimmed; removes it from `rest`.
std::string_view next_name(std::string_view& rest) {
  const std::string_view name = rest.substr(0, rest.find(','));
  rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  return trim(name);
}

std::optional<ContentCoding> coding_of(std::string_view name) {
  if (equals_lower(name, "gzip") || equals_lower(name, "x-gzip")) return ContentCoding::kGzip;
  if (equals_lower(name, "zstd")) return ContentCoding::kZstd;
  if (name.empty() || equals_lower(name, "identity")) return ContentCoding::kIdentity;
  return std::nullopt;
}

// RFC 1952: one member after another.
class GzipDecoder final : public ContentDecoder {
 public:
  GzipDecoder() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  std::optional<Step> decode(std::string_view in, std::span<char> out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    // What it still holds of former input is asked for even when there is no more of that.
    do {
      if (complete_ && !start_member()) break;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      complete_ = status == Z_STREAM_END;
      if (status == Z_BUF_ERROR) break;  // it needs more input
      if (status != Z_OK && !complete_) return std::nullopt;
    } while (stream_.avail_out > 0);
    return Step{in.size() - stream_.avail_in, out.size() - stream_.avail_out};
  }

  bool is_complete() const override { return complete_; }

  std::size_t memory() const override { return kMemory; }

 private:
  static constexpr std::size_t kMemory = 48U << 10;  // its window and tables

  // False: there is none.
  bool start_member() { return stream_.avail_in > 0 && inflateReset(&stream_) == Z_OK; }

  z_stream stream_{};
  bool complete_ = false;
};

struct FreeZstd {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// RFC 8878, with the largest window that its use in HTTP allows (RFC 9659).
class ZstdDecoder final : public ContentDecoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    constexpr int kWindowLog = 23;
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

  std::optional<Step> decode(std::string_view in, std::span<char> out) override {
    if (complete_ && in.empty()) return Step{};  // it would take this for the next frame's start
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    // What it still holds of former input is asked for even when there is no more of that.
    do {
      const std::size_t before = input.pos + output.pos;
      const std::size_t hint = ZSTD_decompressStream(context_.get(), &output, &input);
      if (ZSTD_isError(hint) != 0U) return std::nullopt;
      complete_ = hint == 0;
      if (input.pos + output.pos == before) break;
    } while (input.pos < input.size && output.pos < output.size);
    return Step{input.pos, output.pos};
  }

  bool is_complete() const override { return complete_; }
  std::size_t memory() const override { return ZSTD_sizeof_DCtx(context_.get()); }

 private:
  const std::unique_ptr<ZSTD_DCtx, FreeZstd> context_;
  bool complete_ = false;
};

}  // namespace

Result<ContentCoding> content_coding(const Request& request) {
  const std::string list = request.header_list("content-encoding");
  ContentCoding found = ContentCoding::kIdentity;
  for (std::string_view rest = list; !rest.empty();) {
    const std::string_view name = next_name(rest);
    const auto coding = coding_of(name);
    if (!coding) {
      return fail(ErrorCode::kUnsupportedMediaType, "the Content-Encoding " + quote(shorten(name)) +
                                                        " is not taken here; send " +
                                                        std::string(kTakenCodings) + " or none");
    }
    if (*coding == ContentCoding::kIdentity) continue;
    if (found != ContentCoding::kIdentity) {
      return fail(ErrorCode::kUnsupportedMediaType, "only one Content-Encoding is taken here");
    }
    found = *coding;
  }
  return found;
}

std::unique_ptr<ContentDecoder> make_content_decoder(ContentCoding coding) {
  if (coding == ContentCoding::kGzip) return std::make_unique<GzipDecoder>();
  if (coding == ContentCoding::kZstd) return std::make_unique<ZstdDecoder>();
  return nullptr;
}

}  // namespace wasm_server
