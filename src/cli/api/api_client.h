#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/api/module_view.h"
#include "cli/failure.h"
#include "cli/http/http_client.h"

namespace wasm_server::cli {

// Code on its way to a server, and what goes with it.
struct Upload {
  std::string_view bytes;
  std::string type;  // "application/wasm", "text/wat", ...
  std::vector<std::pair<std::string, std::string>> labels;
  std::string function;
  std::function<void(std::uint64_t)> on_sent;  // of bytes.size()
};

// The requests of the HTTP API that commands make. Used by one thread.
class ApiClient {
 public:
  explicit ApiClient(ServerAddress server) : http_(std::move(server)) {}

  // A 2xx answer; any other is the failure that it means.
  Outcome<HttpAnswer> call(const HttpRequest& request);
  // Any answer.
  Outcome<HttpAnswer> send(const HttpRequest& request) { return http_.send(request); }

  // Without the code. A module that is not there: kRefused, with the id that was probably meant.
  Outcome<ModuleView> module(std::string_view id, std::optional<std::uint64_t> revision = {});
  // The same as the server's JSON.
  Outcome<std::string> module_json(std::string_view id, std::optional<std::uint64_t> revision = {});
  // Empty when there is no such module.
  Outcome<std::optional<ModuleView>> find(std::string_view id);

  // Adds a module; an empty id: the server makes one.
  Outcome<ModuleView> add(std::string_view id, const Upload& upload);
  // New code for a module, as a new revision, if it still is what `etag` is of.
  Outcome<ModuleView> replace(const ModuleView& module, const Upload& upload);
  // PUT of JSON fields under the same condition.
  Outcome<ModuleView> modify(const ModuleView& module, std::string_view json);
  Outcome<void> remove(std::string_view id);

  // The ids that begin so, at most a thousand; given up after two seconds.
  Outcome<std::vector<std::string>> ids(std::string_view prefix);

  // What answered is no wasm-server.
  Failure no_answer_of_ours() const;

  const ServerAddress& server() const { return http_.server(); }

 private:
  Outcome<HttpAnswer> read(std::string_view id, std::optional<std::uint64_t> revision);
  // What another answer than the one that was wanted says about that module.
  Failure refusal_of(const HttpAnswer& answer, std::string_view id);
  Outcome<ModuleView> view_of(const HttpAnswer& answer) const;
  // WebAssembly text gets its labels by a request of their own.
  Outcome<ModuleView> labelled(ModuleView view, const Upload& upload);
  Failure with_suggestion(Failure failure, std::string_view id);

  HttpClient http_;
};

// "/wasm/ID", or with "?revision=N".
std::string module_path(std::string_view id, std::optional<std::uint64_t> revision = {});

}  // namespace wasm_server::cli
