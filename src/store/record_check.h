#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "store/kv.h"

namespace wasm_server {

// Whether a record is of its form, and code in a record is that of its digest. kInternal with a log
// text that names it. Tables that are bound to the place of their files have no check here.
Result<void> check_record(Table table, std::string_view key, std::string_view value);

// The id of a module in the key of any record of its revisions.
std::string_view module_of(std::string_view key);
// Of a key of kReferences or kCode, which has 32 bytes.
Digest digest_of(std::string_view key);

// "module add, revision 3", "code 0a1b...": for people.
std::string name_of_record(Table table, std::string_view key);

// What is to be told about an error, in one line.
std::string_view reason_of(const Error& error);

}  // namespace wasm_server
