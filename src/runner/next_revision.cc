#include "runner/next_revision.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

std::unexpected<Error> no_such_module(const WasmJob& job) {
  return fail(ErrorCode::kNotFound, "there is no module " + quote(job.meta_data.id));
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

// A job makes one revision, and no two jobs have one id. FNV-1a, because it must be the same in
// every build.
std::uint64_t tag_of(const WasmJob& job) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : job.meta_data.job_id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

bool same_types(const std::vector<WasmParam>& left, const std::vector<WasmParam>& right) {
  return std::ranges::equal(left, right, {}, &WasmParam::param_type, &WasmParam::param_type);
}

void set_code(WasmMetaData& meta_data, const WasmJob& job) {
  meta_data.digest = job.wasm->digest;
  meta_data.size = job.meta_data.size;
  meta_data.info = job.wasm->info;
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

void set_fields(WasmMetaData& meta_data, const ModuleChange& change) {
  set_if_given(meta_data.labels, change.labels);
  set_if_given(meta_data.env, change.env);
  set_if_given(meta_data.secrets, change.secrets);
  set_if_given(meta_data.args, change.args);
  set_if_given(meta_data.output_types, change.output_types);
  set_if_given(meta_data.egress, change.egress);
  set_limits(meta_data.limits, change.limits);
}

// Which function an execution calls that names none: the given one, or else the one kept, or else
// the contract's rule.
Result<std::string> choose_function(const ModuleInfo& info, const std::optional<std::string>& given,
                                    const std::string& kept) {
  if (given) {
    if (const FunctionInfo* function = info.find_function(*given)) return function->name;
    return bad("the module exports no function " + quote(*given));
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
      return bad("param: the name " + quote(name.name) + " is there twice");
    if (name.param_type && *name.param_type != param[i].param_type) {
      return bad("param: " + quote(name.name) + " is of type " + to_text(param[i].param_type) +
                 ", not " + to_text(*name.param_type));
    }
    param[i].name = name.name;
  }
  return {};
}

// Sets run_function, param and result of `next`, which has its code already.
Result<void> set_function(WasmMetaData& next, const WasmMetaData& base, const WasmJob& job,
                          const ModuleChange& change) {
  TRY_ASSIGN(next.run_function,
             choose_function(*next.info, job.meta_data.run_function, base.run_function));
  const FunctionInfo* function = next.info->find_function(next.run_function);
  const bool none = function == nullptr;
  next.param = none ? std::vector<WasmParam>{} : keep_renames(base, *function);
  next.result = none ? std::vector<ValueType>{} : function->result;
  if (!change.param) return {};
  if (none) return bad("param: no function is chosen that it could be for");
  return rename(next.param, *change.param);
}

}  // namespace

Result<WasmMetaData> saved_module(const WasmJob& job, const SaveJob& save,
                                  const std::optional<WasmMetaData>& current) {
  TRY(check_preconditions(save.preconditions, current));
  if (current)
    return fail(ErrorCode::kConflict, "there is a module " + quote(job.meta_data.id) + " already");
  WasmMetaData next;
  next.id = job.meta_data.id;
  next.created_at = job.meta_data.time;
  next.updated_at = job.meta_data.time;
  next.tag = tag_of(job);
  set_code(next, job);
  set_fields(next, save.change);
  const WasmMetaData nothing;
  TRY(set_function(next, nothing, job, save.change));
  return next;
}

Result<WasmMetaData> modified_module(const WasmJob& job, const ModifyJob& modify,
                                     const std::optional<WasmMetaData>& current,
                                     const std::optional<WasmMetaData>& source) {
  if (!current) return no_such_module(job);
  TRY(check_preconditions(modify.preconditions, current));
  if (modify.revision && job.wasm)
    return bad("revision: new code and an older revision exclude each other");
  if (modify.revision && !source) {
    return fail(ErrorCode::kNotFound, "the module " + quote(job.meta_data.id) +
                                          " has no revision " + std::to_string(*modify.revision));
  }
  const WasmMetaData& base = modify.revision ? *source : *current;
  WasmMetaData next = base;
  next.revision = current->revision + 1;
  next.updated_at = std::max(current->updated_at, job.meta_data.time);
  next.tag = tag_of(job);
  if (job.wasm) set_code(next, job);
  set_fields(next, modify.change);
  TRY(set_function(next, base, job, modify.change));
  return next;
}

Result<WasmMetaData> deleted_module(const WasmJob& job, const DeleteJob& erase,
                                    const std::optional<WasmMetaData>& current) {
  if (!current) return no_such_module(job);
  TRY(check_preconditions(erase.preconditions, current));
  return *current;
}

}  // namespace wasm_server
