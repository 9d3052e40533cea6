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

// The call of a streamed execution that runs beside the handler that reads its output.
struct StreamedCall {
  std::shared_ptr<OutputStream> stream;
  std::function<void()> cancel = [] {};
};

// What the answer to a streamed execution says beside the stream.
struct StreamContext {
  std::string type;
  std::uint64_t revision;
};

Task<void> run_streamed(Worker& worker, ModuleCache::Module module, Execution execution,
                        std::shared_ptr<StreamedCall> call) {
  ExecutionWaiter waiter;
  waiter.on_wait = [call](std::function<void()> cancel) { call->cancel = std::move(cancel); };
  waiter.on_resumable = [call](std::function<void()> resume) {
    call->stream->set_resume(std::move(resume));
  };
  auto outcome = co_await worker.finish(std::move(execution), std::move(waiter));
  module.reset();  // until here the execution referred to its id
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
Reply ended_stream_reply(OutputStream& stream, std::string_view request_id,
                         const StreamContext& context) {
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

Task<Reply> finish_streamed(const ExecuteDeps& deps, Request& request, ModuleCache::Module module,
                            Execution execution, std::shared_ptr<OutputStream> stream,
                            StreamContext context) {
  auto call = std::make_shared<StreamedCall>();
  call->stream = std::move(stream);
  const auto executor = co_await asio::this_coro::executor;
  auto running = run_streamed(deps.worker, std::move(module), std::move(execution), call);
  auto on_end = [call](const std::exception_ptr& error) { on_streamed_end(*call, error); };
  asio::co_spawn(executor, std::move(running), std::move(on_end));

  request.peer->watch([call] { call->cancel(); });
  co_await call->stream->wait_for_start(kStreamPatience);
  request.peer->unwatch();
  if (call->stream->outcome()) {
    co_return ended_stream_reply(*call->stream, request.request_id, context);
  }
  Reply reply;
  reply.add_header("Content-Type", context.type);
  reply.add_header("Trailer", kExitCodeHeader);
  reply.add_header("Wasm-Revision", std::to_string(context.revision));
  reply.body = std::make_unique<StreamBody>(call->stream, [call] { call->cancel(); });
  co_return reply;
}

// On the worker its output only gathers: nobody reads it before it ends or moves to the background.
Answer execute_streamed(const ExecuteDeps& deps, Request& request, ExecutePlan& plan) {
  auto stream = std::make_shared<OutputStream>(deps.worker.context().get_executor());
  plan.order.sink = stream.get();
  StreamContext context{std::move(*plan.stream_type), plan.module->meta_data.revision};
  auto execution = deps.worker.make_execution(make_order(plan));
  if (execution.run_on_worker()) {
    stream->finish(execution.take_outcome());
    auto reply = ended_stream_reply(*stream, request.request_id, context);
    reply.afterwards = [ended = execution.take_invocation(), stream = std::move(stream)]() mutable {
      ended.release();
    };
    return reply;
  }
  return finish_streamed(deps, request, std::move(plan.module), std::move(execution),
                         std::move(stream), std::move(context));
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
  if (plan.stream_type) return execute_streamed(deps, request, plan);
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
