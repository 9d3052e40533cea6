#include "handlers/modules/wasm_write.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/id.h"
#include "base/text.h"
#include "handlers/modules/conditions.h"
#include "handlers/modules/resource_reply.h"
#include "handlers/modules/wasm_request_parser.h"

namespace wasm_server {
namespace {

// A new module's id, which is not in the path, begins as the client's ids have to.
Result<void> keep_to(const std::string& id_prefix, WasmRequest& asked) {
  if (id_prefix.empty()) return {};
  if (!asked.id) {
    const std::string id = make_uuid_v7(std::chrono::system_clock::now());
    asked.id = id_prefix + id;
  }
  if (asked.id->starts_with(id_prefix)) return {};
  return fail(ErrorCode::kForbidden,
              "the access token is for ids that begin with " + quote(id_prefix));
}

// A token that is kept to some ids may name their secrets only: whoever writes a module can read
// what its environment holds.
Result<void> check_secrets(const HandlerDeps& deps, const std::string& id_prefix,
                           const WasmRequest& asked) {
  if (!asked.secrets) return {};
  for (const auto& [variable, name] : *asked.secrets) {
    if (name.starts_with(id_prefix)) continue;
    return fail(ErrorCode::kForbidden,
                "the access token is for secrets whose names begin with " + quote(id_prefix));
  }
  return deps.secrets.check(*asked.secrets);
}

std::optional<PrefixQuota> quota_of(const Request& request) {
  const Quota quota{request.max_modules, request.max_bytes};
  if (quota.empty()) return std::nullopt;
  return PrefixQuota{request.id_prefix, quota};
}

Task<Reply> post_wasm(const HandlerDeps& deps, Request& request) {
  auto reading = read_wasm_request(deps.helpers, request);
  Result<WasmRequest> asked = co_await std::move(reading);
  if (!asked) co_return problem(asked.error(), request.request_id);
  const Result<void> kept = keep_to(request.id_prefix, *asked);
  if (!kept) co_return problem(kept.error(), request.request_id);
  const Result<void> known = check_secrets(deps, request.id_prefix, *asked);
  if (!known) co_return problem(known.error(), request.request_id);
  asked->quota = quota_of(request);
  auto saving = deps.modules.save(*std::move(asked));
  const Result<WasmMetaData> saved = co_await std::move(saving);
  if (!saved) co_return problem(saved.error(), request.request_id);
  Reply reply = resource_reply(deps, 201, *saved);
  reply.add_header("Location", "/wasm/" + saved->id);
  co_return reply;
}

Task<Reply> put_wasm(const HandlerDeps& deps, Request& request) {
  auto reading = read_wasm_request(deps.helpers, request);
  Result<WasmRequest> asked = co_await std::move(reading);
  if (!asked) co_return problem(asked.error(), request.request_id);
  const Result<void> known = check_secrets(deps, request.id_prefix, *asked);
  if (!known) co_return problem(known.error(), request.request_id);
  asked->quota = quota_of(request);
  auto modifying = deps.modules.modify(*std::move(asked));
  const Result<WasmMetaData> modified = co_await std::move(modifying);
  if (!modified) co_return problem(modified.error(), request.request_id);
  co_return resource_reply(deps, 200, *modified);
}

Task<Reply> delete_wasm(const HandlerDeps& deps, Request& request) {
  Result<Preconditions> preconditions = parse_write_preconditions(request);
  if (!preconditions) co_return problem(preconditions.error(), request.request_id);
  auto removing = deps.modules.remove(std::string(request.id), *std::move(preconditions));
  const Result<WasmMetaData> removed = co_await std::move(removing);
  if (!removed) co_return problem(removed.error(), request.request_id);
  Reply reply;
  reply.status = 204;
  co_return reply;
}

}  // namespace

void register_wasm_write(Router& router, const HandlerDeps& deps) {
  router.bind("add_wasm", [&deps](Request& request) { return post_wasm(deps, request); });
  router.bind("update_wasm", [&deps](Request& request) { return put_wasm(deps, request); });
  router.bind("delete_wasm", [&deps](Request& request) { return delete_wasm(deps, request); });
}

}  // namespace wasm_server
