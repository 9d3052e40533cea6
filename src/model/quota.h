#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wasm_server {

// How much may be stored; empty: any number.
struct Quota {
  std::optional<std::uint64_t> max_modules{};
  std::optional<std::uint64_t> max_bytes{};  // as StoredAmount counts them

  bool empty() const { return !max_modules && !max_bytes; }

  friend bool operator==(const Quota&, const Quota&) = default;
};

// Of all modules whose ids begin so, whoever stored them.
struct PrefixQuota {
  std::string prefix;
  Quota quota;
};

// What modules take, or what a change adds to it. Bytes are those of the records of all revisions
// and of their code: where a revision has the code of the one before it, that counts once. Code
// that several modules share counts for each of them.
struct StoredAmount {
  std::int64_t modules = 0;
  std::int64_t bytes = 0;

  StoredAmount& operator+=(const StoredAmount& more) {
    modules += more.modules;
    bytes += more.bytes;
    return *this;
  }
  friend bool operator==(const StoredAmount&, const StoredAmount&) = default;
};

}  // namespace wasm_server
