#include "handlers/execute_plan.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "engine/values.h"
#include "handlers/output_type.h"

namespace wasm_server {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kCommandFunction = "_start";

std::optional<std::uint64_t> parse_positive(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value == 0) return std::nullopt;
  return value;
}

Error no_run_function() {
  return {ErrorCode::kBadRequest,
          "the module has no run_function; name one of its functions in \"function\""};
}

Error no_such_function(std::string_view name) {
  return {ErrorCode::kFunctionNotFound,
          "the module exports no function \"" + std::string(name) + "\""};
}

GateLimits gate_limits(const LimitValues& limits) {
  return {limits.max_concurrency, limits.max_queue};
}

Result<void> set_arguments(ExecutePlan& plan, const FunctionInfo& function, Arguments arguments) {
  const auto& meta_data = plan.module->meta_data;
  if (plan.is_command) {
    auto args = to_command_args(std::move(arguments));
    if (!args) return std::unexpected{std::move(args).error()};
    std::ranges::move(*args, std::back_inserter(plan.order.wasi.args));
    return {};
  }
  // Only the run_function's parameters can have been renamed.
  const auto& params = function.name == meta_data.run_function ? meta_data.param : function.param;
  auto values = to_values(arguments, params);
  if (!values) return std::unexpected{std::move(values).error()};
  plan.order.args = std::move(*values);
  plan.order.result = function.result;
  return {};
}

Result<void> set_answer_form(ExecutePlan& plan, const Request& request) {
  const auto accept = request.header("accept");
  if (accept.empty() || accept == "*/*" || accept == kJsonType) return {};
  const auto list = request.header_list("accept");
  if (!plan.is_command) return check_result_type(list);
  auto type = choose_output_type(list);
  if (!type) return std::unexpected{std::move(type).error()};
  plan.stream_type = *std::move(type);
  return {};
}

}  // namespace

Result<std::optional<std::uint64_t>> parse_timeout(const Request& request) {
  const auto text = request.header("wasm-timeout-ms");
  if (text.data() == nullptr) return std::nullopt;
  const auto timeout = parse_positive(text);
  if (!timeout) {
    return fail(ErrorCode::kBadRequest, "Wasm-Timeout-Ms must be a positive integer");
  }
  return timeout;
}

Result<std::optional<std::uint64_t>> parse_revision(const Request& request) {
  if (request.query.empty()) return std::nullopt;
  const auto text = request.query_value("revision");
  if (!text) return std::nullopt;
  const auto revision = parse_positive(*text);
  if (!revision) {
    return fail(ErrorCode::kBadRequest, "the parameter revision must be a positive integer");
  }
  return revision;
}

Result<void> make_execute_plan(const Request& request, ExecuteRequest& asked,
                               ModuleCache::Module module, const LimitsConfig& config,
                               ExecutePlan& plan) {
  const auto timeout = parse_timeout(request);
  if (!timeout) return std::unexpected{timeout.error()};

  const auto& meta_data = module->meta_data;
  if (!asked.function && meta_data.run_function.empty()) return std::unexpected{no_run_function()};
  auto name = std::move(asked.function).value_or(meta_data.run_function);
  const auto* function = module->find_function(name);
  if (function == nullptr) return std::unexpected{no_such_function(name)};
  if (const auto& error = module->code->link_error()) return std::unexpected{*error};

  plan.is_command = meta_data.info->kind == ModuleKind::kCommand && name == kCommandFunction;
  const auto limits = effective_limits(meta_data.limits, config);
  plan.gate = gate_limits(limits);
  plan.order.limits = effective_call_limits(meta_data.limits, config);
  plan.order.limits.timeout = effective_timeout(meta_data.limits, *timeout, config);
  plan.order.module = module->code;
  plan.order.initialize = module->initialize && name != "_initialize";
  plan.order.wasi.args = meta_data.args;
  plan.order.wasi.env = std::move(asked.env);
  plan.order.wasi.env.insert(meta_data.env.begin(), meta_data.env.end());
  plan.order.wasi.stdin_bytes = std::move(asked.stdin_bytes);
  plan.order.function = std::move(name);
  plan.module = std::move(module);
  const auto arguments = set_arguments(plan, *function, std::move(asked.arguments));
  if (!arguments) return std::unexpected{arguments.error()};
  return set_answer_form(plan, request);
}

ExecuteOrder execute_order(ExecutePlan& plan) {
  return {plan.module->meta_data.id, plan.gate, std::move(plan.order)};
}

}  // namespace wasm_server
