#include "handlers/execute/execute_plan.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "engine/values/values.h"
#include "handlers/execute/output_type.h"

namespace wasm_server {
namespace {

constexpr std::string_view kJsonType = "application/json";

Error no_run_function() {
  return {ErrorCode::kBadRequest,
          "the module has no run_function; name one of its functions in \"function\""};
}

Error no_such_function(std::string_view name) {
  return {ErrorCode::kFunctionNotFound, "the module exports no function " + quote(name)};
}

// Of what lives in an instance nothing can be told to a client, nor is it there any more for its
// next call.
Result<void> check_callable(const FunctionInfo& function) {
  if (can_be_called(function)) return {};
  return fail(
      ErrorCode::kBadRequest,
      "the function " + quote(shorten(function.name)) +
          " takes or returns handles, streams, futures or error contexts: it cannot be called "
          "from outside");
}

ConcurrencyLimits concurrency_limits(const LimitValues& limits) {
  return {limits.max_concurrency, limits.max_queue};
}

CallLimits call_limits(const LimitValues& limits, std::chrono::milliseconds timeout) {
  CallLimits call;
  call.timeout = timeout;
  call.memory_bytes = limits.memory_bytes;
  call.output_bytes = limits.output_bytes;
  return call;
}

// What a call gets of its module, whatever is called. The call keeps the module, and with it
// `meta_data`.
void take_settings(ExecutePlan& plan, const WasmMetaData& meta_data,
                   std::optional<std::uint64_t> timeout, const LimitsConfig& config) {
  const auto limits = effective_limits(meta_data.limits, config);
  plan.concurrency = concurrency_limits(limits);
  plan.call.limits = call_limits(limits, effective_timeout(meta_data.limits, timeout, config));
  plan.call.egress = meta_data.egress;
  plan.call.egress_owner = meta_data.tag;
  plan.call.wasi.args = meta_data.args;
  plan.call.wasi.env.insert(meta_data.env.begin(), meta_data.env.end());
}

Result<void> set_arguments(ExecutePlan& plan, const FunctionInfo& function,
                           const std::optional<JsonValue>& arguments) {
  const auto& meta_data = plan.module->meta_data;
  if (plan.call.command) {
    TRY_ASSIGN(auto args, to_command_args(arguments));
    std::ranges::move(args, std::back_inserter(plan.call.wasi.args));
    return {};
  }
  // Only the run_function's parameters can have been renamed.
  const auto& params = function.name == meta_data.run_function ? meta_data.param : function.param;
  TRY_ASSIGN(plan.call.args, to_values(arguments, params));
  return {};
}

Result<void> set_answer_form(ExecutePlan& plan, const Request& request) {
  const auto accept = request.header("accept");
  if (accept.empty() || accept == "*/*" || accept == kJsonType) return {};
  const auto list = request.header_list("accept");
  if (!plan.call.command) return check_result_type(list);
  auto type = choose_output_type(list, plan.module->meta_data.output_types);
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

Result<void> make_execute_plan(const Request& request, ExecuteRequest& asked,
                               ModuleCache::Module module, const LimitsConfig& config,
                               ExecutePlan& plan) {
  const auto timeout = parse_timeout(request);
  if (!timeout) return std::unexpected{timeout.error()};

  const auto& meta_data = module->meta_data;
  if (meta_data.info->kind == ModuleKind::kHttp) {
    return fail(ErrorCode::kBadRequest, "the module is an HTTP handler: what is sent to /http/" +
                                            meta_data.id + " calls it");
  }
  if (!asked.function && meta_data.run_function.empty()) return std::unexpected{no_run_function()};
  auto name = std::move(asked.function).value_or(meta_data.run_function);
  const auto* function = module->find_function(name);
  if (function == nullptr) return std::unexpected{no_such_function(name)};
  TRY(check_callable(*function));
  if (const auto& error = module->code->link_error()) return std::unexpected{*error};

  plan.call.command = runs_command(*meta_data.info, *function);
  plan.call.initialize = module->initialize && function->name != "_initialize";
  plan.call.wasi.env = std::move(asked.env);
  take_settings(plan, meta_data, *timeout, config);
  plan.call.wasi.stdin_bytes = std::move(asked.stdin_bytes);
  plan.call.function = {module, function};
  plan.module = std::move(module);
  const auto arguments = set_arguments(plan, *function, asked.arguments);
  if (!arguments) return std::unexpected{arguments.error()};
  return set_answer_form(plan, request);
}

Result<void> make_handler_plan(const Request& request, ModuleCache::Module module,
                               const LimitsConfig& config, ExecutePlan& plan) {
  const auto timeout = parse_timeout(request);
  if (!timeout) return std::unexpected{timeout.error()};
  if (module->meta_data.info->kind != ModuleKind::kHttp) {
    return fail(ErrorCode::kNotFound,
                "the module " + quote(module->meta_data.id) + " is no HTTP handler");
  }
  if (const auto& error = module->code->link_error()) return std::unexpected{*error};
  take_settings(plan, module->meta_data, *timeout, config);
  plan.call.function = {module, nullptr};  // the module is kept by it
  plan.module = std::move(module);
  return {};
}

ExecutionSpec execution_spec(ExecutePlan& plan) {
  const auto& module = *plan.module;
  return {module.meta_data.id, plan.concurrency, module.code->make_runnable(std::move(plan.call))};
}

}  // namespace wasm_server
