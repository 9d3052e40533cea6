#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>

#include "base/digest.h"
#include "base/result.h"

namespace wasm_server {

// Which modules are known not to compile, and why: compiling one again would take as long and end
// the same. The latest ones only, because a client can send as many as it likes. One thread at a
// time.
class CompileFailures {
 public:
  static constexpr std::size_t kMost = 10'000;

  // Only what the module itself is to blame for; anything else may go well the next time.
  void remember(const Digest& digest, const Error& error);
  void forget(const Digest& digest);
  // Null when it is not known. Valid until the next change.
  const Error* find(const Digest& digest) const;

 private:
  std::unordered_map<Digest, Error> errors_;
  std::deque<Digest> order_;  // oldest first; some may be forgotten
};

}  // namespace wasm_server
