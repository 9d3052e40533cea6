#include "handlers/execute/with_module.h"

#include <string>

#include "handlers/execute/execute_plan.h"

namespace wasm_server {

Task<Reply> await_reply(Answer answer) {
  if (auto* ready = std::get_if<Reply>(&answer)) co_return std::move(*ready);
  Task<Reply>& waiting = std::get<Task<Reply>>(answer);
  auto reply = co_await std::move(waiting);
  co_return reply;
}

Task<Reply> load_module(const ModuleLoading& loading, Request& request,
                        std::optional<std::uint64_t> revision, ModuleAnswer make_answer) {
  const auto asked = parse_timeout(request);
  if (!asked) co_return problem(asked.error(), request.request_id);
  const auto* limits = &loading.limits;
  ModuleCache::MaxWait max_wait = [limits, call = *asked](const WasmMetaData& meta_data) {
    return effective_timeout(meta_data.limits, call, *limits);
  };
  std::string id(request.id);
  auto module = co_await loading.modules.load(std::move(id), revision, std::move(max_wait));
  if (!module) co_return problem(module.error(), request.request_id);
  Answer answer = make_answer(request, std::move(*module));
  Task<Reply> replying = await_reply(std::move(answer));
  auto reply = co_await std::move(replying);
  co_return reply;
}

}  // namespace wasm_server
