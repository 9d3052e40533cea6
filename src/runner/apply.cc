#include "runner/apply.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

std::string quoted(std::string_view text) { return '"' + std::string{text} + '"'; }

std::unexpected<Error> no_such_module(const WasmJob& job) {
  return fail(ErrorCode::kNotFound, "there is no module " + quoted(job.meta_data.id));
}

// RFC 9110, section 13: with the answer that a client gets whose picture of the module is out of
// date.
Result<void> check_preconditions(const Preconditions& preconditions,
                                 const std::optional<WasmMetaData>& current) {
  if (preconditions.empty()) return {};
  std::optional<std::string> etag;
  if (current) etag = etag_of(*current);
  if (preconditions.hold(etag)) return {};
  return fail(ErrorCode::kPreconditionFailed,
              "the module is not in the state that If-Match or If-None-Match asks for");
}

bool same_types(const std::vector<WasmParam>& left, const std::vector<WasmParam>& right) {
  return std::ranges::equal(left, right, {}, &WasmParam::param_type, &WasmParam::param_type);
}

void set_code(WasmMetaData& meta_data, const NewCode& code) {
  meta_data.digest = code.digest;
  meta_data.size = code.bytes->size();
  meta_data.info = code.info;
}

template <class T>
void set_if_given(T& field, const std::optional<T>& given) {
  if (given) field = *given;
}

// A limit that is left out keeps its value, like any other field.
void set_limits(ModuleLimits& limits, const std::optional<ModuleLimits>& given) {
  if (!given) return;
  for (const auto limit :
       {&ModuleLimits::timeout_ms, &ModuleLimits::memory_bytes, &ModuleLimits::output_bytes,
        &ModuleLimits::max_concurrency, &ModuleLimits::max_queue}) {
    if ((*given).*limit) limits.*limit = (*given).*limit;
  }
}

void set_fields(WasmMetaData& meta_data, const JobMetaData& job) {
  set_if_given(meta_data.labels, job.labels);
  set_if_given(meta_data.env, job.env);
  set_if_given(meta_data.args, job.args);
  set_limits(meta_data.limits, job.limits);
}

// Which function an execution calls that names none: the given one, or else the one kept, or else
// the contract's rule.
Result<std::string> choose_function(const ModuleInfo& info, const std::optional<std::string>& given,
                                    const std::string& kept) {
  if (given) {
    if (info.find_function(*given) != nullptr) return *given;
    return bad("the module exports no function " + quoted(*given));
  }
  if (!kept.empty() && info.find_function(kept) != nullptr) return kept;
  return default_function(info);
}

// Parameter names that a client gave live as long as the function and its types stay; names that
// came from the code follow the code. `base` is what the new state starts from, with `function` of
// the new code.
std::vector<WasmParam> keep_renames(const WasmMetaData& base, const FunctionInfo& function) {
  const FunctionInfo* before = base.info->find_function(base.run_function);
  const bool kept = base.run_function == function.name && before != nullptr &&
                    before->result == function.result && same_types(base.param, function.param) &&
                    same_types(before->param, function.param);
  std::vector<WasmParam> param = function.param;
  if (!kept) return param;
  for (std::size_t i = 0; i < param.size(); ++i) {
    if (base.param[i].name != before->param[i].name) param[i].name = base.param[i].name;
  }
  return param;
}

Result<void> rename(std::vector<WasmParam>& param, const std::vector<ParamName>& names) {
  if (names.size() != param.size()) {
    return bad("param: the function has " + std::to_string(param.size()) + " parameters, not " +
               std::to_string(names.size()));
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ParamName& name = names[i];
    if (name.name.empty()) return bad("param: a name is empty");
    if (!seen.insert(name.name).second)
      return bad("param: the name " + quoted(name.name) + " is there twice");
    if (name.param_type && *name.param_type != param[i].param_type) {
      return bad("param: " + quoted(name.name) + " is of type " + to_text(param[i].param_type) +
                 ", not " + to_text(*name.param_type));
    }
    param[i].name = name.name;
  }
  return {};
}

// Sets run_function, param and result of `next`, which has its code already.
Result<void> set_function(WasmMetaData& next, const WasmMetaData& base, const JobMetaData& job) {
  auto name = choose_function(*next.info, job.run_function, base.run_function);
  if (!name) return std::unexpected{std::move(name).error()};
  next.run_function = std::move(*name);
  const FunctionInfo* function = next.info->find_function(next.run_function);
  const bool none = function == nullptr;
  next.param = none ? std::vector<WasmParam>{} : keep_renames(base, *function);
  next.result = none ? std::vector<ValueType>{} : function->result;
  if (!job.param) return {};
  if (none) return bad("param: no function is chosen that it could be for");
  return rename(next.param, *job.param);
}

Result<WasmMetaData> apply_save(const WasmJob& job, const std::optional<WasmMetaData>& current) {
  if (auto held = check_preconditions(job.meta_data.preconditions, current); !held) {
    return std::unexpected{std::move(held).error()};
  }
  if (current)
    return fail(ErrorCode::kConflict, "there is a module " + quoted(job.meta_data.id) + " already");
  WasmMetaData next;
  next.id = job.meta_data.id;
  next.created_at = job.meta_data.time;
  next.updated_at = job.meta_data.time;
  next.last_job_id = job.meta_data.job_id;
  set_code(next, *job.wasm);
  set_fields(next, job.meta_data);
  const WasmMetaData nothing;
  if (auto set = set_function(next, nothing, job.meta_data); !set)
    return std::unexpected{std::move(set).error()};
  return next;
}

Result<WasmMetaData> apply_modify(const WasmJob& job, const std::optional<WasmMetaData>& current,
                                  const std::optional<WasmMetaData>& source) {
  if (!current) return no_such_module(job);
  if (auto held = check_preconditions(job.meta_data.preconditions, current); !held) {
    return std::unexpected{std::move(held).error()};
  }
  if (job.meta_data.revision && job.wasm)
    return bad("revision: new code and an older revision exclude each other");
  if (job.meta_data.revision && !source) {
    return fail(ErrorCode::kNotFound, "the module " + quoted(job.meta_data.id) +
                                          " has no revision " +
                                          std::to_string(*job.meta_data.revision));
  }
  const WasmMetaData& base = job.meta_data.revision ? *source : *current;
  WasmMetaData next = base;
  next.revision = current->revision + 1;
  next.updated_at = std::max(current->updated_at, job.meta_data.time);
  next.last_job_id = job.meta_data.job_id;
  if (job.wasm) set_code(next, *job.wasm);
  set_fields(next, job.meta_data);
  if (auto set = set_function(next, base, job.meta_data); !set)
    return std::unexpected{std::move(set).error()};
  return next;
}

Result<WasmMetaData> apply_delete(const WasmJob& job, const std::optional<WasmMetaData>& current) {
  if (!current) return no_such_module(job);
  if (auto held = check_preconditions(job.meta_data.preconditions, current); !held) {
    return std::unexpected{std::move(held).error()};
  }
  return *current;
}

}  // namespace

Result<WasmMetaData> apply(const WasmJob& job, const std::optional<WasmMetaData>& current,
                           const std::optional<WasmMetaData>& source) {
  switch (job.meta_data.job_type) {
    case JobType::SAVE:
      return apply_save(job, current);
    case JobType::MODIFY:
      return apply_modify(job, current, source);
    case JobType::DELETE:
      return apply_delete(job, current);
  }
  std::unreachable();
}

}  // namespace wasm_server
