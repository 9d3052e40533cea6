#include "services/wasm_request_bounds.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/text.h"
#include "engine/egress.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

std::unexpected<Error> beyond(std::string_view what, std::size_t bound, std::string_view unit) {
  return bad(std::string(what) + " is beyond " + std::to_string(bound) + " " + std::string(unit));
}

bool has_nul(std::string_view text) { return text.find('\0') != text.npos; }

bool is_key(std::string_view text) {
  return !text.empty() && text.find('=') == text.npos && !has_nul(text);
}

Result<void> check_labels(const StringMap& labels) {
  if (labels.size() > kMaxLabels) return beyond("labels", kMaxLabels, "entries");
  for (const auto& [key, value] : labels) {
    if (!is_key(key)) return bad("the key of a label must not be empty or contain '=' or NUL");
    if (key.size() > kMaxLabelKeyBytes)
      return beyond("the key of a label", kMaxLabelKeyBytes, "bytes");
    if (value.size() > kMaxLabelValueBytes) {
      return beyond("labels." + key, kMaxLabelValueBytes, "bytes");
    }
  }
  return {};
}

Result<void> check_env(const StringMap& env) {
  if (env.size() > kMaxEnv) return beyond("env", kMaxEnv, "entries");
  std::size_t bytes = 0;
  for (const auto& [key, value] : env) {
    if (!is_key(key)) return bad("a name in env must not be empty or contain '=' or NUL");
    if (has_nul(value)) return bad("a value in env must not contain NUL");
    bytes += key.size() + value.size();
  }
  if (bytes > kMaxEnvBytes) return beyond("env", kMaxEnvBytes, "bytes");
  return {};
}

Result<void> check_secrets(const StringMap& secrets) {
  if (secrets.size() > kMaxEnv) return beyond("env", kMaxEnv, "entries");
  for (const auto& [key, name] : secrets) {
    if (!is_key(key)) return bad("a name in env must not be empty or contain '=' or NUL");
    if (!is_valid_id(name)) return bad("env: " + quote(shorten(name)) + " is no name of a secret");
  }
  return {};
}

Result<void> check_args(const std::vector<std::string>& args) {
  if (args.size() > kMaxArgs) return beyond("args", kMaxArgs, "entries");
  std::size_t bytes = 0;
  for (const std::string& arg : args) {
    if (has_nul(arg)) return bad("args must not contain NUL");
    bytes += arg.size();
  }
  if (bytes > kMaxArgsBytes) return beyond("args", kMaxArgsBytes, "bytes");
  return {};
}

Result<void> check_params(const std::vector<ParamName>& params) {
  if (params.size() > kMaxParams) return beyond("param", kMaxParams, "entries");
  std::set<std::string_view> names;
  for (const ParamName& param : params) {
    if (param.name.empty()) return bad("the name of a param must not be empty");
    if (param.name.size() > kMaxParamNameBytes) {
      return beyond("the name of a param", kMaxParamNameBytes, "bytes");
    }
    if (!names.insert(param.name).second) return bad("two params are named " + quote(param.name));
  }
  return {};
}

// Of a media type: a token (RFC 9110, section 8.3.1), in lower case.
bool is_type_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (ascii_alnum(c) && c == ascii_lower(c)) ||
           std::string_view("!#$&^_.+-").find(c) != std::string_view::npos;
  });
}

Result<void> check_output_types(const std::vector<std::string>& types) {
  if (types.size() > kMaxOutputTypes) return beyond("output_types", kMaxOutputTypes, "entries");
  for (const std::string_view type : types) {
    if (type.size() > kMaxOutputTypeBytes) {
      return beyond("an entry of output_types", kMaxOutputTypeBytes, "bytes");
    }
    const std::size_t slash = type.find('/');
    if (slash == type.npos || !is_type_token(type.substr(0, slash)) ||
        !is_type_token(type.substr(slash + 1))) {
      return bad("output_types: " + quote(shorten(type)) +
                 " is no media type in lower case and without parameters, like text/html");
    }
  }
  return {};
}

Result<void> check_egress(const std::vector<std::string>& patterns) {
  if (patterns.size() > kMaxEgress) return beyond("egress", kMaxEgress, "entries");
  for (const std::string_view pattern : patterns) {
    if (pattern.size() > kMaxEgressBytes) {
      return beyond("an entry of egress", kMaxEgressBytes, "bytes");
    }
    if (!is_egress_pattern(pattern)) {
      return bad("egress: " + quote(shorten(pattern)) +
                 " names no hosts, as api.example.org, api.example.org:8443, *.example.net or "
                 "192.0.2.1 do");
    }
  }
  return {};
}

Result<void> check_names(const WasmRequest& request) {
  if (request.id && !is_valid_id(*request.id)) {
    return bad("id must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or a digit");
  }
  if (request.function && request.function->size() > kMaxFunctionNameBytes) {
    return beyond("function", kMaxFunctionNameBytes, "bytes");
  }
  return {};
}

}  // namespace

Result<void> check_bounds(const WasmRequest& request) {
  Result<void> checked = check_names(request);
  if (checked && request.labels) checked = check_labels(*request.labels);
  if (checked && request.env) checked = check_env(*request.env);
  if (checked && request.secrets) checked = check_secrets(*request.secrets);
  if (checked && request.args) checked = check_args(*request.args);
  if (checked && request.param) checked = check_params(*request.param);
  if (checked && request.output_types) checked = check_output_types(*request.output_types);
  if (checked && request.egress) checked = check_egress(*request.egress);
  return checked;
}

}  // namespace wasm_server
