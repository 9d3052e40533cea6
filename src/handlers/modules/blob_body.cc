#include "handlers/modules/blob_body.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.h"

namespace wasm_server {
namespace {

// Read and encoded beside the event loop: the disk may let a reader wait.
struct Source {
  explicit Source(CodeReader reader) : code(std::move(reader)) {}

  bool at_end() const { return whole != nullptr || code.at_end(); }

  CodeReader code;
  FindWhole find_whole;  // asked once
  SharedBytes whole;
  bool has_begun = false;
  std::string text;  // a slice as base64, and what goes before the first one
};

// What is damaged is answered as an error, before its first byte.
Result<ByteView> next_slice(CodeReader& code) {
  TRY_ASSIGN(const ByteView slice, code.next());
  while (!code.is_verified()) {
    TRY(code.verify_next());
  }
  return slice;
}

Result<ByteView> next_raw(Source& source) {
  if (auto find = std::exchange(source.find_whole, nullptr)) {
    TRY_ASSIGN(source.whole, find());
    if (source.whole) return ByteView{*source.whole};
  }
  return next_slice(source.code);
}

Result<ByteView> next_text(Source& source) {
  TRY_ASSIGN(const ByteView slice, next_slice(source.code));
  if (std::exchange(source.has_begun, true)) source.text.clear();
  append_base64(source.text, slice);
  return ByteView{source.text};
}

// `next` is one of these two. The source lives until it has returned.
Task<Result<ByteView>> run_beside(HelperPool& helpers, std::shared_ptr<Source> source,
                                  Result<ByteView> (*next)(Source&)) {
  std::move_only_function<Result<ByteView>()> read = [source = std::move(source), next] {
    return next(*source);
  };
  return helpers.run<ByteView>(std::move(read));
}

class RawBody final : public BodySource {
 public:
  RawBody(HelperPool& helpers, CodeReader code, FindWhole find_whole)
      : helpers_(helpers), source_(std::make_shared<Source>(std::move(code))) {
    source_->find_whole = std::move(find_whole);
  }

  std::optional<std::uint64_t> size() const override { return source_->code.size(); }

  Task<Result<ByteView>> next() override {
    if (source_->at_end()) co_return ByteView{};
    auto reading = run_beside(helpers_, source_, next_raw);
    co_return co_await std::move(reading);
  }

 private:
  HelperPool& helpers_;
  const std::shared_ptr<Source> source_;
};

class JsonBody final : public BodySource {
 public:
  JsonBody(HelperPool& helpers, CodeReader code, StorageFrame frame, MemoryShare share)
      : helpers_(helpers),
        size_(frame.head.size() + base64_length(code.size()) + frame.tail.size()),
        source_(std::make_shared<Source>(std::move(code))),
        share_(std::move(share)),
        tail_(std::move(frame.tail)) {
    source_->text = std::move(frame.head);
  }

  std::optional<std::uint64_t> size() const override { return size_; }

  Task<Result<ByteView>> next() override {
    if (has_ended_) co_return ByteView{};
    if (source_->code.at_end()) {
      has_ended_ = true;
      if (source_->has_begun) source_->text.clear();  // else there is no code
      source_->text += tail_;
      co_return ByteView{source_->text};
    }
    auto reading = run_beside(helpers_, source_, next_text);
    co_return co_await std::move(reading);
  }

 private:
  HelperPool& helpers_;
  const std::uint64_t size_;
  const std::shared_ptr<Source> source_;
  const MemoryShare share_;
  const std::string tail_;
  bool has_ended_ = false;
};

}  // namespace

std::unique_ptr<BodySource> make_raw_body(HelperPool& helpers, CodeReader code,
                                          FindWhole find_whole) {
  return std::make_unique<RawBody>(helpers, std::move(code), std::move(find_whole));
}

std::unique_ptr<BodySource> make_json_body(HelperPool& helpers, CodeReader code, StorageFrame frame,
                                           MemoryShare share) {
  return std::make_unique<JsonBody>(helpers, std::move(code), std::move(frame), std::move(share));
}

}  // namespace wasm_server
