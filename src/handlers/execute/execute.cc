#include "handlers/execute/execute.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "handlers/execute/execute_plan.h"
#include "handlers/execute/execute_reply.h"
#include "handlers/execute/execute_request.h"
#include "handlers/execute/execute_streamed.h"
#include "handlers/execute/execution_recorder.h"
#include "handlers/execute/with_module.h"
#include "handlers/modules/answer_memory.h"
#include "handlers/revision_query.h"

namespace wasm_server {
namespace {

struct ExecuteDeps {
  const HandlerDeps& handlers;
  ModuleLoading loading;
  Worker& worker;
  ExecutionRecorder recorder;
};

// One with much output, which is written beside the loop. `context` is of the request, which stays.
Task<Reply> write_long_reply(const HandlerDeps& deps, ExecutionResult result,
                             ExecuteContext context) {
  std::move_only_function<Result<Reply>()> write = [answers = &deps.answers, context,
                                                    result = std::move(result)]() -> Result<Reply> {
    TRY_ASSIGN(MemoryShare share, answers->take(reply_bytes(result)));
    return with_memory(execute_reply(result, context), std::move(share));
  };
  auto writing = deps.helpers.run<Reply>(std::move(write));
  auto written = co_await std::move(writing);
  if (!written) co_return problem(written.error(), context.request_id);
  co_return *std::move(written);
}

// The end of an execution that did not end in its first slice.
Task<Reply> finish_whole(const ExecuteDeps& deps, Request& request, Execution execution,
                         CalledFunction function, ExecuteContext context) {
  auto* peer = request.peer;
  ExecutionWaiter waiter;
  waiter.on_wait = [peer](std::function<void()> cancel) { peer->watch(std::move(cancel)); };
  auto result = co_await deps.worker.finish(std::move(execution), std::move(waiter));
  peer->unwatch();
  deps.recorder.record(
      {request.id, context.revision, name_of(function), request.request_id, request.trace}, result);
  if (!is_long_reply(result)) co_return execute_reply(result, context);
  auto writing = write_long_reply(deps.handlers, std::move(result), context);
  auto reply = co_await std::move(writing);
  co_return reply;
}

Answer execute_whole(const ExecuteDeps& deps, Request& request, ExecutePlan& plan) {
  const ExecuteContext context{request.request_id, plan.module->meta_data.revision};
  CalledFunction function = called_function(plan.call);
  auto execution = deps.worker.make_execution(execution_spec(plan));
  if (execution.run_on_worker()) {
    ExecutionResult result = execution.take_result();
    deps.recorder.record(
        {request.id, context.revision, name_of(function), request.request_id, request.trace},
        result);
    if (is_long_reply(result)) return write_long_reply(deps.handlers, std::move(result), context);
    auto reply = execute_reply(result, context);
    reply.afterwards = [ended = execution.take_runnable()] { ended->release(); };
    return reply;
  }
  return finish_whole(deps, request, std::move(execution), std::move(function), context);
}

Answer execute_planned(const ExecuteDeps& deps, Request& request, ExecutePlan& plan) {
  const auto opened =
      deps.handlers.secrets.add_to(plan.call.wasi.env, plan.module->meta_data.secrets);
  if (!opened) return problem(opened.error(), request.request_id);
  if (plan.stream_type) return execute_streamed(deps.worker, deps.recorder, request, plan);
  return execute_whole(deps, request, plan);
}

// Long JSON, and the values that become of it, are not the loop's to read.
Task<Reply> parse_and_execute(const ExecuteDeps& deps, Request& request,
                              ModuleCache::Module module) {
  std::move_only_function<Result<ExecutePlan>()> make =
      [&request, limits = &deps.handlers.limits, module = std::move(module),
       body = std::make_shared<const Bytes>(std::move(request.body))]() -> Result<ExecutePlan> {
    TRY_ASSIGN(ExecuteRequest asked, parse_execute_json(body));
    TRY(add_execute_query(request, asked));
    ExecutePlan plan;
    TRY(make_execute_plan(request, asked, module, *limits, plan));
    return plan;
  };
  auto making = deps.handlers.helpers.run<ExecutePlan>(std::move(make));
  auto plan = co_await std::move(making);
  if (!plan) co_return problem(plan.error(), request.request_id);
  Answer answer = execute_planned(deps, request, *plan);
  Task<Reply> replying = await_reply(std::move(answer));
  auto reply = co_await std::move(replying);
  co_return reply;
}

Answer execute_loaded(const ExecuteDeps& deps, Request& request, ModuleCache::Module module) {
  const bool is_json = has_json(request, module->meta_data);
  if (is_long_json(request, is_json)) return parse_and_execute(deps, request, std::move(module));
  auto asked = parse_execute_request(request, is_json);
  if (!asked) return problem(asked.error(), request.request_id);
  ExecutePlan plan;
  const auto made =
      make_execute_plan(request, *asked, std::move(module), deps.handlers.limits, plan);
  if (!made) return problem(made.error(), request.request_id);
  return execute_planned(deps, request, plan);
}

Answer execute(const ExecuteDeps& deps, Request& request) {
  const auto revision = parse_revision(request);
  if (!revision) return problem(revision.error(), request.request_id);
  return with_module(deps.loading, request, *revision,
                     [&deps](Request& asking, ModuleCache::Module module) {
                       return execute_loaded(deps, asking, std::move(module));
                     });
}

}  // namespace

void register_execute_handler(Router& router, const HandlerDeps& deps, ModuleCache& modules,
                              Worker& worker, const ExecutionRecorder& recorder) {
  const auto shared = std::make_shared<const ExecuteDeps>(deps, ModuleLoading{modules, deps.limits},
                                                          worker, recorder);
  router.bind("execute_wasm", [shared](Request& request) { return execute(*shared, request); });
}

}  // namespace wasm_server
