#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "http/router.h"
#include "model/limits.h"
#include "services/module_cache.h"

namespace wasm_server {

struct ModuleLoading {
  ModuleCache& modules;
  const LimitsConfig& limits;
};

// The answer that this makes of the request and its module.
using ModuleAnswer = std::function<Answer(Request&, ModuleCache::Module)>;

// Loads the module first. Waiting for code that is still being compiled is not run time: the call's
// deadline begins after.
Task<Reply> load_module(const ModuleLoading& loading, Request& request,
                        std::optional<std::uint64_t> revision, ModuleAnswer answer);

// A module that is at hand passes through without a coroutine. `loading` is there until the answer.
template <class MakeAnswer>
Answer with_module(const ModuleLoading& loading, Request& request,
                   std::optional<std::uint64_t> revision, MakeAnswer answer) {
  auto module = loading.modules.find(request.id, revision);
  if (module != nullptr) return answer(request, std::move(module));
  return load_module(loading, request, revision, std::move(answer));
}

// An answer, once it is there.
Task<Reply> await_reply(Answer answer);

}  // namespace wasm_server
