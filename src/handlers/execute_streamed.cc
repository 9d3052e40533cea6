#include "handlers/execute_streamed.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "handlers/execute_reply.h"
#include "handlers/output_stream.h"
#include "handlers/streamed_call.h"

namespace wasm_server {
namespace {

// How long the first output of a guest waits for more, or for the guest's end, before the answer
// begins.
constexpr std::chrono::milliseconds kStreamPatience{20};
constexpr std::string_view kExitCodeHeader = "Wasm-Exit-Code";
constexpr std::string_view kTrailers = "Wasm-Exit-Code, Server-Timing";

// What the answer says beside the stream.
struct StreamContext {
  std::string type;
  std::uint64_t revision;
};

// What of a stream had not been sent when the answer began, and all that follows.
class StreamBody : public BodySource {
 public:
  explicit StreamBody(std::shared_ptr<StreamedCall> call) : call_(std::move(call)) {}
  ~StreamBody() override {
    if (!call_->stream().outcome()) call_->cancel();
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
    const auto& outcome = stream.outcome();
    if (piece_.empty() && !exit_code_of(*outcome)) co_return std::unexpected{failure_of(*outcome)};
    co_return ByteView(piece_);
  }

  std::string trailers() override {
    const auto& outcome = *call_->stream().outcome();
    const auto code = std::to_string(*exit_code_of(outcome));
    auto lines = std::string(kExitCodeHeader).append(": ").append(code).append("\r\n");
    append_server_timing(lines, outcome);
    return lines;
  }

 private:
  std::shared_ptr<StreamedCall> call_;
  Bytes piece_;
};

// The guest has ended before anything was sent.
Reply ended_reply(OutputStream& stream, std::string_view request_id, const StreamContext& context) {
  const auto& outcome = *stream.outcome();
  const auto code = exit_code_of(outcome);
  Reply reply;
  if (code) {
    reply.add_header("Content-Type", context.type);
    reply.add_header(kExitCodeHeader, std::to_string(*code));
    reply.body = stream.take_buffered();
  } else {
    reply = failure_reply(outcome, request_id);
  }
  add_execute_headers(reply, outcome, context.revision);
  return reply;
}

Reply running_reply(std::shared_ptr<StreamedCall> call, const StreamContext& context) {
  Reply reply;
  reply.add_header("Content-Type", context.type);
  reply.add_header("Trailer", kTrailers);
  reply.add_header("Wasm-Revision", std::to_string(context.revision));
  reply.body = std::make_unique<StreamBody>(std::move(call));
  return reply;
}

Task<Reply> answer_from_background(Request& request, std::shared_ptr<StreamedCall> call,
                                   StreamContext context) {
  call->move_to_background();
  OutputStream& stream = call->stream();
  request.peer->watch([call] { call->cancel(); });
  co_await stream.wait_for_start(kStreamPatience);
  request.peer->unwatch();
  if (stream.outcome()) co_return ended_reply(stream, request.request_id, context);
  auto reply = running_reply(std::move(call), context);
  co_return reply;
}

}  // namespace

Answer execute_streamed(Worker& worker, Request& request, ExecutePlan& plan) {
  auto stream = std::make_shared<OutputStream>(worker.context().get_executor());
  plan.order.sink = stream.get();
  StreamContext context{std::move(*plan.stream_type), plan.module->meta_data.revision};
  auto execution = worker.make_execution(execute_order(plan));
  if (execution.run_on_worker()) {
    stream->finish(execution.take_outcome());
    auto reply = ended_reply(*stream, request.request_id, context);
    reply.afterwards = [ended = execution.take_invocation(), stream = std::move(stream)]() mutable {
      ended.release();
    };
    return reply;
  }
  auto call = std::make_shared<StreamedCall>(worker, std::move(plan.module), std::move(execution),
                                             std::move(stream));
  if (call->stands()) return running_reply(std::move(call), context);
  return answer_from_background(request, std::move(call), std::move(context));
}

}  // namespace wasm_server
