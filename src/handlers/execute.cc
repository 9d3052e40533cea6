#include "handlers/execute.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "handlers/execute_plan.h"
#include "handlers/execute_reply.h"
#include "handlers/output_stream.h"
#include "handlers/resource_reply.h"

namespace wasm_server {
namespace {

// How long the first output of a guest waits for more, or for the guest's end, before the answer
// begins.
constexpr std::chrono::milliseconds kStreamPatience{20};
constexpr std::string_view kExitCodeHeader = "Wasm-Exit-Code";

struct ExecuteDeps {
  const HandlerDeps& handlers;
  ModuleCache& modules;
  Worker& worker;
};

// Takes the plan's order; its module must outlive that.
ExecuteOrder make_order(ExecutePlan& plan) {
  return {plan.module->meta_data.id, plan.gate, std::move(plan.order)};
}

// What of a stream had not been sent when the answer began, and all that follows.
class StreamBody : public BodySource {
 public:
  explicit StreamBody(std::shared_ptr<OutputStream> stream, std::function<void()> cancel)
      : stream_(std::move(stream)), cancel_(std::move(cancel)) {}
  ~StreamBody() override {
    if (!stream_->outcome()) cancel_();
  }
  StreamBody(const StreamBody&) = delete;
  StreamBody& operator=(const StreamBody&) = delete;

  std::optional<std::uint64_t> size() const override { return std::nullopt; }

  Task<Result<ByteView>> next() override {
    piece_ = co_await stream_->take();
    const auto& outcome = stream_->outcome();
    if (piece_.empty() && !exit_code_of(*outcome)) co_return std::unexpected{failure_of(*outcome)};
    co_return ByteView(piece_);
  }

  std::string trailers() override {
    const auto code = exit_code_of(*stream_->outcome());
    return std::string(kExitCodeHeader).append(": ").append(std::to_string(*code)).append("\r\n");
  }

 private:
  std::shared_ptr<OutputStream> stream_;
  std::function<void()> cancel_;
  Bytes piece_;
};

// The call of a streamed execution, running beside the handler that reads its output.
struct StreamedCall {
  std::shared_ptr<OutputStream> stream;
  std::function<void()> cancel = [] {};
};

Task<void> run_streamed(Worker& worker, ExecutePlan plan, std::shared_ptr<StreamedCall> call) {
  auto order = make_order(plan);
  order.invocation.sink = call->stream.get();
  ExecutionWaiter waiter;
  waiter.on_wait = [call](std::function<void()> cancel) { call->cancel = std::move(cancel); };
  waiter.on_resumable = [call](std::function<void()> resume) {
    call->stream->set_resume(std::move(resume));
  };
  auto execution = worker.make_execution(std::move(order));
  execution.run_on_worker();  // enters; with a sink it never runs here
  auto outcome = co_await worker.finish(std::move(execution), std::move(waiter));
  call->stream->finish(std::move(outcome));
}

void on_streamed_end(const StreamedCall& call, const std::exception_ptr& error) {
  if (!error) return;
  Outcome outcome;
  outcome.ending = Refused{{ErrorCode::kInternal, "the execution failed"}};
  call.stream->finish(std::move(outcome));
}

// The guest has ended before anything was sent: an ordinary answer, with the exit code in its
// header.
Task<Reply> finished_stream_reply(OutputStream& stream, std::string type,
                                  std::string_view request_id, std::uint64_t revision) {
  const auto& outcome = *stream.outcome();
  const auto code = exit_code_of(outcome);
  Reply reply;
  if (code) {
    reply.add_header("Content-Type", type);
    reply.add_header(kExitCodeHeader, std::to_string(*code));
    auto bytes = co_await stream.take();
    reply.body = std::move(bytes);
  } else {
    reply = failure_reply(outcome, request_id);
  }
  add_execute_headers(reply, outcome, revision);
  co_return reply;
}

Task<Reply> execute_streamed(const ExecuteDeps& deps, Request& request, ExecutePlan plan) {
  const auto executor = co_await asio::this_coro::executor;
  auto call = std::make_shared<StreamedCall>();
  call->stream = std::make_shared<OutputStream>(executor);
  const auto revision = plan.module->meta_data.revision;
  const auto type = std::move(*plan.stream_type);
  auto running = run_streamed(deps.worker, std::move(plan), call);
  auto on_end = [call](const std::exception_ptr& error) { on_streamed_end(*call, error); };
  asio::co_spawn(executor, std::move(running), std::move(on_end));

  request.peer->watch([call] { call->cancel(); });
  co_await call->stream->wait_for_start(kStreamPatience);
  request.peer->unwatch();
  if (call->stream->outcome()) {
    auto reply = co_await finished_stream_reply(*call->stream, type, request.request_id, revision);
    co_return reply;
  }
  Reply reply;
  reply.add_header("Content-Type", type);
  reply.add_header("Trailer", kExitCodeHeader);
  reply.add_header("Wasm-Revision", std::to_string(revision));
  reply.body = std::make_unique<StreamBody>(call->stream, [call] { call->cancel(); });
  co_return reply;
}

// The end of an execution that did not end in its first slice.
Task<Reply> finish_whole(const ExecuteDeps& deps, Request& request, ModuleCache::Module module,
                         Execution execution, ExecuteContext context) {
  auto* peer = request.peer;
  ExecutionWaiter waiter;
  waiter.on_wait = [peer](std::function<void()> cancel) { peer->watch(std::move(cancel)); };
  const auto outcome = co_await deps.worker.finish(std::move(execution), std::move(waiter));
  peer->unwatch();
  module.reset();  // until here the execution referred to its id
  co_return execute_reply(outcome, context);
}

Answer execute_whole(const ExecuteDeps& deps, Request& request, ExecutePlan& plan) {
  const ExecuteContext context{request.request_id, plan.module->meta_data.revision,
                               plan.is_command};
  auto execution = deps.worker.make_execution(make_order(plan));
  if (execution.run_on_worker()) {
    auto reply = execute_reply(execution.take_outcome(), context);
    reply.afterwards = [ended = execution.take_invocation()]() mutable { ended.release(); };
    return reply;
  }
  return finish_whole(deps, request, std::move(plan.module), std::move(execution), context);
}

// `waited`: for the module's code, which counts as a part of the call.
Answer execute_loaded(const ExecuteDeps& deps, Request& request, ModuleCache::Module module,
                      std::chrono::milliseconds waited) {
  ExecutePlan plan;
  const auto made = make_execute_plan(request, std::move(module), deps.handlers.limits, plan);
  if (!made) return problem(made.error(), request.request_id);
  auto& timeout = plan.order.limits.timeout;
  timeout = std::max(timeout - waited, std::chrono::milliseconds{1});
  if (plan.stream_type) return execute_streamed(deps, request, std::move(plan));
  return execute_whole(deps, request, plan);
}

Task<Reply> load_and_execute(const ExecuteDeps& deps, Request& request,
                             std::optional<std::uint64_t> revision) {
  const auto asked = parse_timeout(request);
  if (!asked) co_return problem(asked.error(), request.request_id);
  const auto* limits = &deps.handlers.limits;
  ModuleCache::Patience patience = [limits, call = *asked](const WasmMetaData& meta_data) {
    return effective_timeout(meta_data.limits, call, *limits);
  };
  std::string id(request.id);
  const auto start = Invocation::Clock::now();
  auto module = co_await deps.modules.load(std::move(id), revision, std::move(patience));
  if (!module) co_return problem(module.error(), request.request_id);
  const auto waited =
      std::chrono::floor<std::chrono::milliseconds>(Invocation::Clock::now() - start);
  Answer answer = execute_loaded(deps, request, std::move(*module), waited);
  if (auto* ready = std::get_if<Reply>(&answer)) co_return std::move(*ready);
  Task<Reply>& waiting = std::get<Task<Reply>>(answer);
  auto reply = co_await std::move(waiting);
  co_return reply;
}

// A short call of a module that is at hand passes through without a coroutine.
Answer execute(const ExecuteDeps& deps, Request& request) {
  const auto revision = parse_revision(request);
  if (!revision) return problem(revision.error(), request.request_id);
  auto module = deps.modules.find(request.id, *revision);
  if (module == nullptr) return load_and_execute(deps, request, *revision);
  return execute_loaded(deps, request, std::move(module), std::chrono::milliseconds{0});
}

}  // namespace

void register_execute_handler(Router& router, const HandlerDeps& deps, ModuleCache& modules,
                              Worker& worker) {
  const auto shared = std::make_shared<const ExecuteDeps>(deps, modules, worker);
  router.add(Method::kPost, "/wasm/{id}",
             [shared](Request& request) { return execute(*shared, request); });
}

}  // namespace wasm_server
