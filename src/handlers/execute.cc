#include "handlers/execute.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "handlers/execute_plan.h"
#include "handlers/execute_reply.h"
#include "handlers/execute_request.h"
#include "handlers/execute_streamed.h"
#include "handlers/resource_reply.h"

namespace wasm_server {
namespace {

struct ExecuteDeps {
  const HandlerDeps& handlers;
  ModuleCache& modules;
  Worker& worker;
};

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
  auto execution = deps.worker.make_execution(execute_order(plan));
  if (execution.run_on_worker()) {
    auto reply = execute_reply(execution.take_outcome(), context);
    reply.afterwards = [ended = execution.take_invocation()]() mutable { ended.release(); };
    return reply;
  }
  return finish_whole(deps, request, std::move(plan.module), std::move(execution), context);
}

// `waited`: for the module's code, which counts as a part of the call.
Answer execute_asked(const ExecuteDeps& deps, Request& request, ExecuteRequest& asked,
                     ModuleCache::Module module, std::chrono::milliseconds waited) {
  ExecutePlan plan;
  const auto made =
      make_execute_plan(request, asked, std::move(module), deps.handlers.limits, plan);
  if (!made) return problem(made.error(), request.request_id);
  auto& timeout = plan.order.limits.timeout;
  timeout = std::max(timeout - waited, std::chrono::milliseconds{1});
  if (plan.stream_type) return execute_streamed(deps.worker, request, plan);
  return execute_whole(deps, request, plan);
}

Task<Reply> await_reply(Answer answer) {
  if (auto* ready = std::get_if<Reply>(&answer)) co_return std::move(*ready);
  Task<Reply>& waiting = std::get<Task<Reply>>(answer);
  auto reply = co_await std::move(waiting);
  co_return reply;
}

Task<Reply> parse_and_execute(const ExecuteDeps& deps, Request& request, ModuleCache::Module module,
                              std::chrono::milliseconds waited) {
  std::move_only_function<Result<ExecuteRequest>()> parse = [body = std::move(request.body)] {
    return parse_execute_json(body);
  };
  auto asked = co_await deps.handlers.helpers.run<ExecuteRequest>(std::move(parse));
  if (!asked) co_return problem(asked.error(), request.request_id);
  const auto added = add_execute_query(request, *asked);
  if (!added) co_return problem(added.error(), request.request_id);
  Answer answer = execute_asked(deps, request, *asked, std::move(module), waited);
  Task<Reply> replying = await_reply(std::move(answer));
  auto reply = co_await std::move(replying);
  co_return reply;
}

Answer execute_loaded(const ExecuteDeps& deps, Request& request, ModuleCache::Module module,
                      std::chrono::milliseconds waited) {
  if (has_long_json(request)) return parse_and_execute(deps, request, std::move(module), waited);
  auto asked = parse_execute_request(request);
  if (!asked) return problem(asked.error(), request.request_id);
  return execute_asked(deps, request, *asked, std::move(module), waited);
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
  Task<Reply> replying = await_reply(std::move(answer));
  auto reply = co_await std::move(replying);
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
