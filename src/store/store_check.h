#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/kv.h"

namespace wasm_server {

struct StoreReport {
  std::uint64_t modules = 0;
  std::uint64_t revisions = 0;  // superseded ones
  std::uint64_t codes = 0;
  std::vector<std::string> damage;  // a line each, which names what cannot be read, or is not right
  // Some of it is a part of a table that cannot be read, or code that has no place of its own: that
  // cannot be taken out (store/store_repair.h), only left behind.
  bool has_gaps = false;
};

// Reads everything that is stored: each record, each piece of code with its digest, who refers to
// it, and where it lies. Takes as long as the disk does.
StoreReport check_store(const Store& store);

}  // namespace wasm_server
