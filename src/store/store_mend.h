#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/kv.h"

namespace wasm_server {

// Makes what is stored fit together again: takes records out that are not of their form, code that
// cannot be read, and revisions whose code is gone; corrects what codes count, and frees what
// nobody refers to. A module whose current revision is gone goes back to the latest one that is
// whole, and is taken out if there is none. All tables must be readable. For the thread that
// writes; it is done in many batches, and may be done again after a crash between two of them. A
// line for each change: what it was, and why.
Result<std::vector<std::string>> mend_store(Store& store);

}  // namespace wasm_server
