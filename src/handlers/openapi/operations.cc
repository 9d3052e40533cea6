#include "handlers/openapi/operations.h"

namespace wasm_server {
namespace {

constexpr ConstantList<BodyForm, 4> json(std::string_view schema) {
  return {{"application/json", schema}};
}

constexpr ConstantList<AnswerForm, 3> no_content(std::string_view description) {
  return {{.status = 204, .description = description}};
}

constexpr Operation kOperations[] = {
    {.route = "get_healthz",
     .tag = "server",
     .answers = {{.status = 200, .description = "it lives", .bodies = json("Status")}}},
    {.route = "get_readyz",
     .tag = "server",
     .answers = {{.status = 200, .description = "it takes traffic", .bodies = json("Status")}}},
    {.route = "get_metrics",
     .tag = "server",
     .answers = {{.status = 200, .description = "the page", .bodies = {{"text/plain"}}}}},
    {.route = "get_openapi",
     .tag = "server",
     .answers = {{.status = 200, .description = "this document", .bodies = json("OpenApi")}}},
    {.route = "list_wasm",
     .tag = "modules",
     .description = "A page of them. `next` is the `after` of the page behind it; so is the header "
                    "`Link`. Modules whose records the disk has damaged are named in `damaged`.",
     .answers = {{.status = 200, .description = "a page", .bodies = json("ModulePage")}}},
    {.route = "add_wasm",
     .tag = "modules",
     .description = "Answered when it is on disk. The module is validated before; it is compiled "
                    "after.",
     .request = {{"application/wasm"},
                 {"text/wat"},
                 {"application/wat"},
                 {"application/json", "WasmRequest"}},
     .needs_request = true,
     .answers = {{.status = 201, .description = "the module", .bodies = json("Module")}},
     .headers = {"If-None-Match"}},
    {.route = "get_wasm",
     .tag = "modules",
     .answers = {{.status = 200,
                  .description = "the module",
                  .bodies = {{"application/json", "WasmStorage"}, {"application/wasm"}}},
                 {.status = 304, .description = "it is what If-None-Match names"}},
     .headers = {"If-Match", "If-None-Match"}},
    {.route = "update_wasm",
     .tag = "modules",
     .description = "A new revision. What is left out stays as it is; `revision` returns to an "
                    "older one.",
     .request = {{"application/wasm"},
                 {"text/wat"},
                 {"application/wat"},
                 {"application/json", "WasmChange"}},
     .needs_request = true,
     .answers = {{.status = 200, .description = "the module", .bodies = json("Module")}},
     .headers = {"If-Match", "If-None-Match"}},
    {.route = "delete_wasm",
     .tag = "modules",
     .answers = no_content("it is gone"),
     .headers = {"If-Match", "If-None-Match"}},
    {.route = "execute_wasm",
     .tag = "executions",
     .description = "A fresh instance runs it. A body that is no JSON is the guest's standard "
                    "input; a command's standard output is the answer as it is where `Accept` "
                    "prefers something other than JSON.",
     .request = {{"application/json", "Execution"}, {"*/*"}},
     .answers = {{.status = 200,
                  .description = "what it gave",
                  .bodies = {{"application/json", "ExecutionResult"}, {"*/*"}}}},
     .headers = {"Wasm-Timeout-Ms", "Accept"}},
    {.route = "handle_http_root",
     .tag = "executions",
     .description = "As with a path behind it.",
     .request = {{"*/*"}},
     .answers = {{.status = 200, .description = "the handler's", .bodies = {{"*/*"}}}},
     .headers = {"Wasm-Timeout-Ms"}},
    {.route = "handle_http",
     .tag = "executions",
     .description =
         "Whatever the method. The handler gets the request with the path behind the id, "
         "as it was sent; status, header and body of the answer are its own.",
     .request = {{"*/*"}},
     .answers = {{.status = 200, .description = "the handler's", .bodies = {{"*/*"}}}},
     .headers = {"Wasm-Timeout-Ms"}},
    {.route = "get_module_openapi",
     .tag = "modules",
     .description = "Paths differ in their fragment, which clients do not send: the body of a call "
                    "names the function.",
     .answers = {{.status = 200, .description = "the document", .bodies = json("OpenApi")}}},
    {.route = "list_revisions",
     .tag = "modules",
     .answers = {{.status = 200, .description = "all that are kept", .bodies = json("Revisions")}}},
    {.route = "get_logs",
     .tag = "executions",
     .description = "With `follow` as server-sent events, each entry one with its number as `id`.",
     .answers = {{.status = 200,
                  .description = "the newest entries behind `after`",
                  .bodies = {{"application/json", "LogPage"}, {"text/event-stream"}}}},
     .headers = {"Last-Event-ID"}},
    {.route = "add_token",
     .tag = "access",
     .request = json("TokenRequest"),
     .needs_request = true,
     .answers = {{.status = 201,
                  .description = "the token, whose text is shown this once",
                  .bodies = json("IssuedToken")}}},
    {.route = "list_tokens",
     .tag = "access",
     .answers = {{.status = 200, .description = "all of them", .bodies = json("TokenList")}}},
    {.route = "rotate_token",
     .tag = "access",
     .request = json("TokenRotation"),
     .answers = {{.status = 200,
                  .description = "the token with its new text",
                  .bodies = json("IssuedToken")}}},
    {.route = "revoke_token", .tag = "access", .answers = no_content("it is good no more")},
    {.route = "put_secret",
     .tag = "access",
     .description = "The body is the value, whatever its type.",
     .request = {{"*/*"}},
     .needs_request = true,
     .answers = no_content("it is stored, sealed")},
    {.route = "list_secrets",
     .tag = "access",
     .answers = {{.status = 200, .description = "their names", .bodies = json("SecretList")}}},
    {.route = "delete_secret", .tag = "access", .answers = no_content("it is gone")},
    {.route = "get_backup",
     .tag = "server",
     .description = "`from` is ID:BYTES: that of a backup that broke off, which its first frame "
                    "names, and how much of it came.",
     .answers = {{.status = 200,
                  .description = "all that is stored, as it was at one moment",
                  .bodies = {{"application/octet-stream"}}}}},
};

}  // namespace

std::span<const Operation> operations() { return kOperations; }

}  // namespace wasm_server
