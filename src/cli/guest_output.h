#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/api/api_client.h"
#include "cli/terminal.h"

namespace wasm_server::cli {

// How an answer is printed.
struct AnswerForm {
  bool as_json = false;                   // the whole answer, as it came
  std::vector<std::string> result_types;  // of the function; numbers that JSON has as strings
                                          // ("NaN", beyond 2^53) are printed without quotes
};

// Prints what an execution answered in JSON: a function's results, one a line; what the guest wrote
// goes to standard output and error as it is. The exit code, or the failure that the answer tells.
Outcome<int> print_answer(ApiClient& api, const Terminal& terminal, const HttpAnswer& answer,
                          const AnswerForm& form);

// A guest's exit code as this process can have it: from 256 on it is 255.
int process_code(std::uint64_t guest_code);

}  // namespace wasm_server::cli
