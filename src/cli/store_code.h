#pragma once

#include <string>

#include "cli/api/api_client.h"
#include "cli/local_module.h"
#include "cli/terminal.h"
#include "cli/text/json_view.h"

namespace wasm_server::cli {

struct Stored {
  ModuleView module;
  bool was_there = false;  // with these very bytes; nothing was sent
};

struct StoreRequest {
  std::string id;  // empty: the server makes one
  StringPairs labels{};
  std::string function{};
};

// Adds a module, or gives the one of that id new code; sends nothing that the server has already.
Outcome<Stored> store_code(ApiClient& api, const Terminal& terminal, const LocalModule& code,
                           const StoreRequest& request);

// Returns once the module is compiled. One that can never run is kRefused, with the reason.
Outcome<ModuleView> wait_until_ready(ApiClient& api, const Terminal& terminal, ModuleView module);

// A module of the server with the code of a local file, under an id that is made of the code's
// digest: what is there already is not sent again. It is labelled `origin=local-file` and ready.
Outcome<Stored> store_by_digest(ApiClient& api, const Terminal& terminal, const LocalModule& code);

// As store_code() and then ready, but the module's code is exchanged only once the new code has
// been compiled under an id of its own, which is gone afterwards: until then, and for good if it
// cannot run, the old code serves.
Outcome<Stored> store_when_ready(ApiClient& api, const Terminal& terminal, const LocalModule& code,
                                 const StoreRequest& request);

}  // namespace wasm_server::cli
