#include "cli/store_code.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "cli/progress.h"

namespace wasm_server::cli {
namespace {

constexpr std::chrono::milliseconds kFirstWait{10};
constexpr std::chrono::milliseconds kLongestWait{500};
constexpr std::size_t kIdDigits = 40;  // of the digest's 64; no two files will ever share them

std::string shown_name(const LocalModule& code) {
  return code.file == "-" ? "standard input" : code.file;
}

// What WebAssembly text compiles to is known to the server alone.
bool has_same_code(const ModuleView& module, const LocalModule& code) {
  return code.is_binary() && module.digest == code.digest;
}

bool nothing_to_do(const ModuleView& module, const LocalModule& code, const StoreRequest& request) {
  return has_same_code(module, code) &&
         (request.labels.empty() || module.labels == request.labels) &&
         (request.function.empty() || module.run_function == request.function);
}

Outcome<ModuleView> wait_while_compiling(ApiClient& api, const Terminal& terminal,
                                         ModuleView module) {
  Progress progress(terminal, module.id, 0);
  progress.waits_for("compiling");
  auto wait = kFirstWait;
  while (module.state == "compiling") {
    std::this_thread::sleep_for(wait);
    wait = std::min(wait * 2, kLongestWait);
    TRY_ASSIGN(module, api.module(module.id, module.revision));
  }
  return module;
}

}  // namespace

Outcome<Stored> store_code(ApiClient& api, const Terminal& terminal, const LocalModule& code,
                           const StoreRequest& request) {
  std::optional<ModuleView> before;
  if (!request.id.empty()) {
    TRY_ASSIGN(before, api.find(request.id));
  }
  if (before && nothing_to_do(*before, code, request)) return Stored{*std::move(before), true};
  Progress progress(terminal, shown_name(code), code.bytes.size());
  Upload upload{code.bytes, code.type, request.labels, request.function, {}};
  upload.on_sent = [&progress](std::uint64_t bytes) { progress.sent(bytes); };
  Outcome<ModuleView> stored = before ? api.replace(*before, upload) : api.add(request.id, upload);
  if (!stored) return std::unexpected{std::move(stored).error()};
  return Stored{*std::move(stored), false};
}

namespace {

Outcome<Stored> add_by_digest(ApiClient& api, const Terminal& terminal, const LocalModule& code) {
  const std::string_view digits =
      std::string_view(code.digest).substr(std::string_view("sha256:").size(), kIdDigits);
  const std::string id = "local-" + std::string(digits);
  TRY_ASSIGN(std::optional<ModuleView> before, api.find(id));
  // Somebody else may have given that id to other code; for text the id is all that is known.
  if (before && (has_same_code(*before, code) || !code.is_binary())) {
    return Stored{*std::move(before), true};
  }
  return store_code(api, terminal, code, {id, {{"origin", "local-file"}}});
}

// Gives the module the code that `tried` has, once that is compiled and if it runs here.
Outcome<Stored> exchange(ApiClient& api, const Terminal& terminal, const LocalModule& code,
                         const StoreRequest& request, ModuleView tried) {
  TRY_ASSIGN(tried, wait_while_compiling(api, terminal, std::move(tried)));
  if (tried.state == "failed") {
    return failure(kRefused, request.id + " keeps its code; the new one cannot run here: " +
                                 tried.state_detail);
  }
  TRY_ASSIGN(Stored stored, store_code(api, terminal, code, request));
  TRY_ASSIGN(stored.module, wait_until_ready(api, terminal, std::move(stored.module)));
  return stored;
}

}  // namespace

Outcome<ModuleView> wait_until_ready(ApiClient& api, const Terminal& terminal, ModuleView module) {
  if (module.state == "compiling") {
    TRY_ASSIGN(module, wait_while_compiling(api, terminal, std::move(module)));
  }
  if (module.state != "failed") return module;
  return failure(kRefused, module.id + " is stored, but cannot run here: " + module.state_detail);
}

Outcome<Stored> store_by_digest(ApiClient& api, const Terminal& terminal, const LocalModule& code) {
  TRY_ASSIGN(Stored stored, add_by_digest(api, terminal, code));
  TRY_ASSIGN(stored.module, wait_until_ready(api, terminal, std::move(stored.module)));
  return stored;
}

Outcome<Stored> store_when_ready(ApiClient& api, const Terminal& terminal, const LocalModule& code,
                                 const StoreRequest& request) {
  TRY_ASSIGN(const std::optional<ModuleView> before, api.find(request.id));
  if (!before || nothing_to_do(*before, code, request)) {
    TRY_ASSIGN(Stored stored, store_code(api, terminal, code, request));
    TRY_ASSIGN(stored.module, wait_until_ready(api, terminal, std::move(stored.module)));
    return stored;
  }
  TRY_ASSIGN(const Stored tried, add_by_digest(api, terminal, code));
  Outcome<Stored> stored = exchange(api, terminal, code, request, tried.module);
  if (!tried.was_there) {
    TRY(api.remove(tried.module.id));
  }
  return stored;
}

}  // namespace wasm_server::cli
