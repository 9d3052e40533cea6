#include "handlers/execute/execute_streamed.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.h"
#include "handlers/execute/execute_reply.h"
#include "handlers/execute/output_stream.h"
#include "handlers/execute/record_end.h"
#include "handlers/execute/streamed_call.h"

namespace wasm_server {
namespace {

// How long the first output of a guest waits for more, or for the guest's end, before the answer
// begins.
constexpr std::chrono::milliseconds kStreamStartWait{20};
constexpr std::string_view kExitCodeHeader = "Wasm-Exit-Code";
constexpr std::string_view kStderrHeader = "Wasm-Stderr";
// Of a command's standard error, from its end.
constexpr std::size_t kStderrBytes = 32U << 10;
// In base64 less than the 4 KiB that curl takes of one trailer; a multiple of 3, so that the pieces
// are base64 on their own and together.
constexpr std::size_t kStderrPiece = 2700;

// What the answer says beside the stream.
struct StreamContext {
  std::string type;
  std::uint64_t revision;
  bool wants_stderr;
};

std::string_view trailer_names(bool wants_stderr) {
  return wants_stderr ? "Wasm-Exit-Code, Server-Timing, Wasm-Stderr"
                      : "Wasm-Exit-Code, Server-Timing";
}

// For who asked for it: raw output has no other place for it.
void add_stderr(HeaderFields& fields, const ExecutionResult& result) {
  ByteView end = result.stderr_bytes;
  if (end.empty()) return;
  end.remove_prefix(end.size() - std::min(end.size(), kStderrBytes));
  for (; !end.empty(); end.remove_prefix(std::min(end.size(), kStderrPiece)))
    fields.add(kStderrHeader, encode_base64(end.substr(0, kStderrPiece)));
}

// What of a stream had not been sent when the answer began, and all that follows.
class StreamBody : public BodySource {
 public:
  StreamBody(std::shared_ptr<StreamedCall> call, bool wants_stderr)
      : call_(std::move(call)), wants_stderr_(wants_stderr) {}
  ~StreamBody() override {
    if (!call_->stream().result()) call_->cancel();
  }
  StreamBody(const StreamBody&) = delete;
  StreamBody& operator=(const StreamBody&) = delete;

  std::optional<std::uint64_t> size() const override { return std::nullopt; }

  std::chrono::steady_clock::time_point deadline() const override { return call_->deadline(); }

  Task<Result<ByteView>> next() override {
    OutputStream& stream = call_->stream();
    stream.reuse(piece_);
    if (stream.has_room()) call_->go_on();
    piece_ = co_await stream.take();
    const auto& result = stream.result();
    if (piece_.empty() && !exit_code_of(*result)) co_return std::unexpected{failure_of(*result)};
    co_return ByteView(piece_);
  }

  HeaderFields trailers() override {
    const auto& result = *call_->stream().result();
    HeaderFields fields;
    fields.add(kExitCodeHeader, std::to_string(*exit_code_of(result)));
    add_server_timing(fields, result);
    if (wants_stderr_) add_stderr(fields, result);
    return fields;
  }

 private:
  std::shared_ptr<StreamedCall> call_;
  const bool wants_stderr_;
  Bytes piece_;
};

// The guest has ended before anything was sent.
Reply ended_reply(OutputStream& stream, std::string_view request_id, const StreamContext& context) {
  ExecutionResult result = stream.take_result();
  const auto code = exit_code_of(result);
  Reply reply;
  if (code) {
    reply.add_header("Content-Type", context.type);
    add_guest_headers(reply);
    reply.add_header(kExitCodeHeader, std::to_string(*code));
    if (context.wants_stderr) add_stderr(reply.headers, result);
    reply.body = stream.take_buffered();
  } else {
    result.stdout_bytes = stream.take_buffered();
    reply = failure_reply(result, request_id);
  }
  add_execute_headers(reply, result, context.revision);
  return reply;
}

Reply running_reply(std::shared_ptr<StreamedCall> call, const StreamContext& context) {
  Reply reply;
  reply.add_header("Content-Type", context.type);
  add_guest_headers(reply);
  reply.add_header("Trailer", trailer_names(context.wants_stderr));
  reply.headers.add("Wasm-Revision", context.revision);
  reply.body = std::make_unique<StreamBody>(std::move(call), context.wants_stderr);
  return reply;
}

Task<Reply> answer_from_background(Request& request, std::shared_ptr<StreamedCall> call,
                                   StreamContext context) {
  call->move_to_background();
  OutputStream& stream = call->stream();
  request.peer->watch([call] { call->cancel(); });
  co_await stream.wait_for_start(kStreamStartWait);
  request.peer->unwatch();
  if (stream.result()) co_return ended_reply(stream, request.request_id, context);
  auto reply = running_reply(std::move(call), context);
  co_return reply;
}

}  // namespace

Answer execute_streamed(Worker& worker, const ExecutionRecorder& recorder, Request& request,
                        ExecutePlan& plan) {
  auto stream = std::make_shared<OutputStream>(worker.context().get_executor());
  record_end(*stream, recorder, request, plan.module->meta_data.revision,
             called_function(plan.call));
  plan.call.sink = stream.get();
  StreamContext context{std::move(*plan.stream_type), plan.module->meta_data.revision,
                        !request.header("wasm-stderr").empty()};
  auto execution = worker.make_execution(execution_spec(plan));
  if (execution.run_on_worker()) {
    stream->finish(execution.take_result());
    auto reply = ended_reply(*stream, request.request_id, context);
    reply.afterwards = [ended = execution.take_runnable(), stream = std::move(stream)] {
      ended->release();
    };
    return reply;
  }
  auto call = std::make_shared<StreamedCall>(worker, std::move(execution), std::move(stream));
  if (call->stands()) return running_reply(std::move(call), context);
  return answer_from_background(request, std::move(call), std::move(context));
}

}  // namespace wasm_server
