#pragma once

// The two operations of a write transaction, as steps on the B-trees. Included in the store's own
// sources only.

#include <vector>

#include <lmdb.h>

#include "base/result.h"
#include "store/lmdb_env.h"
#include "store/operation.h"

namespace wasm_server {

// What an operation freed: the digests of blobs, and what of the code file was theirs.
struct Freed {
  std::vector<Digest> digests;
  std::vector<CodePlace> places;
};

// Does `operation` in `txn`, and returns what it freed. Puts of one id may come in any order: the
// one with the greatest revision is the current one in the end. Everything that
// can be refused is checked before the first write, so that after a failure there are two cases:
// `poisoned` is false and nothing was changed, or it is true, LMDB itself failed, and the
// transaction can only be aborted.
Result<Freed> perform(const LmdbEnv& env, MDB_txn* txn, const Operation& operation, bool& poisoned);

}  // namespace wasm_server
