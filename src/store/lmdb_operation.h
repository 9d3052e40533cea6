#pragma once

// The two operations of a write transaction, as steps on the B-trees. Included in the store's own
// sources only.

#include <cstdint>
#include <string>

#include <lmdb.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "store/lmdb_env.h"

namespace wasm_server {

// An operation with all that is needed to do it again: see LmdbTransaction.
struct Operation {
  enum class Kind : std::uint8_t { kPut, kErase };

  Kind kind = Kind::kPut;
  std::string id;
  std::string record{};  // kPut: encoded
  Digest digest{};       // kPut: of the code
  SharedBytes code{};    // kPut: may be null when the blob is there
};

// Does `operation` in `txn`. Everything that can be refused is checked before the first write, so
// that after a failure there are two cases: `poisoned` is false and nothing was changed, or it is
// true, LMDB itself failed, and the transaction can only be aborted.
Result<void> perform(const LmdbEnv& env, MDB_txn* txn, const Operation& operation, bool& poisoned);

}  // namespace wasm_server
