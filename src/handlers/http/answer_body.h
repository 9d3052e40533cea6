#pragma once

// Bodies of handlers' answers. On the session's loop.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "handlers/http/handler_call.h"
#include "http/reply.h"

namespace wasm_server {

// What the handler writes, as it writes it. Its end lets go of the call.
class AnswerBody final : public BodySource {
 public:
  // The head of the answer is there.
  explicit AnswerBody(std::shared_ptr<HandlerCall> call);
  ~AnswerBody() override { call_->let_go(); }
  AnswerBody(const AnswerBody&) = delete;
  AnswerBody& operator=(const AnswerBody&) = delete;

  std::optional<std::uint64_t> size() const override { return size_; }
  Task<Result<ByteView>> next() override;
  std::chrono::steady_clock::time_point deadline() const override { return call_->deadline(); }
  bool sends_header_first() const override { return header_first_; }
  HeaderFields trailers() override;

 private:
  const std::shared_ptr<HandlerCall> call_;
  std::optional<std::uint64_t> size_;  // that the guest promised
  bool header_first_;
  std::uint64_t given_ = 0;
};

// One that is there, with trailers behind it.
class BodyWithTrailers final : public BodySource {
 public:
  BodyWithTrailers(Bytes body, HeaderFields trailers)
      : body_(std::move(body)), trailers_(std::move(trailers)) {}

  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Task<Result<ByteView>> next() override;
  HeaderFields trailers() override { return std::move(trailers_); }

 private:
  Bytes body_;
  HeaderFields trailers_;
  bool given_ = false;
};

// Of an answer that has none: its header may say of what size another would be.
class NoBody final : public BodySource {
 public:
  explicit NoBody(std::optional<std::uint64_t> size) : size_(size) {}

  std::optional<std::uint64_t> size() const override { return size_; }
  Task<Result<ByteView>> next() override { co_return ByteView(); }

 private:
  const std::optional<std::uint64_t> size_;
};

}  // namespace wasm_server
