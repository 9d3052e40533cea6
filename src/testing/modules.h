#pragma once

// Modules and jobs for tests of the write path. Their code need not be WebAssembly: below the
// handlers it is only bytes.

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "jobs/wasm_job.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// "add" (a: i32, b: i32) -> i32.
FunctionInfo add_function();
ModuleInfo info_with(std::vector<FunctionInfo> functions);

NewCode make_code(std::string_view bytes, ModuleInfo info = info_with({add_function()}));

// Revision `revision` of a module whose code is `bytes`, with every field filled in.
WasmMetaData make_meta_data(std::string_view id, std::string_view bytes,
                            std::uint64_t revision = 1);

// Each call makes a job of its own: new job id, the time of the one before and a millisecond more.
WasmJob save_job(std::string_view id, std::string_view bytes);
WasmJob modify_job(std::string_view id);
WasmJob modify_job(std::string_view id, NewCode code);
WasmJob delete_job(std::string_view id);
// With everything that a token may have.
AccessToken make_token(std::string_view id);
WasmJob create_token_job(std::string_view id);
WasmJob token_job(std::string_view id, JobDetails details);

// Of a job of that type.
SaveJob& save_details(WasmJob& job);
ModifyJob& modify_details(WasmJob& job);

}  // namespace wasm_server
