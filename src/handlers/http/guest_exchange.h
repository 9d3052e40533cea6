#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "base/task.h"
#include "engine/runnable/http_exchange.h"
#include "handlers/execute/output_stream.h"
#include "handlers/http/answer_head.h"
#include "handlers/http/request_pipe.h"

namespace wasm_server {

// One request that a guest handles, between the guest, on whatever thread it runs, and the
// session's loop. Both ways a bounded amount waits, and then one side stands still until the other
// has gone on.
class GuestExchange final : public HttpExchange {
 public:
  GuestExchange(const Executor& loop, HttpRequestHead head)
      : request_(std::move(head)), is_head_request_(request_.method == "HEAD"), output_(loop) {}

  // The guest's side.
  const HttpRequestHead& request() const override { return request_; }
  BodyRead read_body(ByteView& piece) override;
  void begin(unsigned status, HttpFields fields) override;
  bool ready() override;
  void write(ByteView bytes) override;
  void end(HttpFields trailers) override;

  // All of this on the session's loop.
  OutputStream& output() { return output_; }
  RequestPipe& body() { return body_; }

  // Null: the guest has not begun. kBadGuestAnswer: its head is none. It stays as it is.
  const Result<AnswerHead>* head();
  // Whether the answer is whole; then all of its body is in output().
  bool is_complete();
  // Once it is.
  const HeaderFields& trailers() const { return trailers_; }
  // Whether no body is sent, and what the guest writes is dropped.
  bool omits_body(const AnswerHead& head) const {
    return is_head_request_ || head.is_without_body();
  }

  // Whether a guest that stands still can go on.
  bool can_resume() { return body_.can_resume() || output_.can_resume(); }

  // From now on whatever the guest does wakes the reader of output(), once. To be called before the
  // reader looks for what it would wait for.
  void listen() { listening_ = true; }
  void stop_listening() { listening_ = false; }

 private:
  void tell();

  const HttpRequestHead request_;
  const bool is_head_request_;
  RequestPipe body_;
  OutputStream output_;
  std::atomic<bool> listening_{false};
  bool drops_body_ = false;  // the guest's

  std::mutex mutex_;
  std::optional<Result<AnswerHead>> head_;  // guarded by mutex_ until it is there
  HeaderFields trailers_;                   // until the answer is complete
  bool complete_ = false;                   // guarded by mutex_
};

}  // namespace wasm_server
