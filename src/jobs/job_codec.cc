#include "jobs/job_codec.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "base/byte_codec.h"
#include "model/module_codec.h"
#include "model/token_codec.h"

namespace wasm_server {
namespace {

constexpr std::uint8_t kEntryVersion = 1;
// 2: a MODIFY says how many revisions stay, and a token has its second form.
// 3: a change has egress.
constexpr std::uint8_t kFirstJobVersion = 1;
constexpr std::uint8_t kSecondJobVersion = 2;
constexpr std::uint8_t kJobVersion = 3;

void put_varint(ByteWriter& to, std::uint64_t number) { to.varint(number); }
std::uint64_t get_varint(ByteReader& from) { return from.varint(); }

void put_named(ByteWriter& to, const ParamName& param) {
  to.text(param.name);
  put_optional(to, param.param_type, put_type);
}

ParamName get_named(ByteReader& from) {
  ParamName param;
  param.name = from.text();
  param.param_type = get_optional(from, get_type);
  return param;
}

void put_change(ByteWriter& to, const ModuleChange& change) {
  put_optional(to, change.param, [](ByteWriter& out, const std::vector<ParamName>& params) {
    put_list(out, params, put_named);
  });
  put_optional(to, change.labels, put_map);
  put_optional(to, change.limits, put_limits);
  put_optional(to, change.env, put_map);
  put_optional(to, change.secrets, put_map);
  put_optional(to, change.args, put_texts);
  put_optional(to, change.output_types, put_texts);
  put_optional(to, change.egress, put_texts);
}

ModuleChange get_change(ByteReader& from, std::uint8_t version) {
  ModuleChange change;
  change.param =
      get_optional(from, [](ByteReader& in) { return get_list<ParamName>(in, get_named); });
  change.labels = get_optional(from, get_map);
  change.limits = get_optional(from, get_limits);
  change.env = get_optional(from, get_map);
  change.secrets = get_optional(from, get_map);
  change.args = get_optional(from, get_texts);
  change.output_types = get_optional(from, get_texts);
  if (version > kSecondJobVersion) change.egress = get_optional(from, get_texts);
  return change;
}

void put_preconditions(ByteWriter& to, const Preconditions& preconditions) {
  const int mask = (preconditions.if_match_any ? 1 : 0) | (preconditions.if_none_match_any ? 2 : 0);
  to.u8(static_cast<std::uint8_t>(mask));
  put_texts(to, preconditions.if_match);
  put_texts(to, preconditions.if_none_match);
}

Preconditions get_preconditions(ByteReader& from) {
  Preconditions preconditions;
  const std::uint8_t mask = from.u8();
  if (mask > 3) from.fail();
  preconditions.if_match_any = (mask & 1) != 0;
  preconditions.if_none_match_any = (mask & 2) != 0;
  preconditions.if_match = get_texts(from);
  preconditions.if_none_match = get_texts(from);
  return preconditions;
}

// --- What each type has

void put(ByteWriter& to, const SaveJob& save) {
  put_change(to, save.change);
  put_preconditions(to, save.preconditions);
}

void put(ByteWriter& to, const ModifyJob& modify) {
  put_change(to, modify.change);
  put_optional(to, modify.revision, put_varint);
  to.varint(modify.max_revisions);
  put_preconditions(to, modify.preconditions);
}

void put(ByteWriter& to, const DeleteJob& erase) { put_preconditions(to, erase.preconditions); }

void put(ByteWriter& to, const CreateTokenJob& create) { put_token(to, create.token); }

void put(ByteWriter& to, const RotateTokenJob& rotate) {
  put_digest(to, rotate.hash);
  to.u64(static_cast<std::uint64_t>(rotate.former_until));
}

void put(ByteWriter&, const RevokeTokenJob&) {}
void put(ByteWriter&, const NoteTokenUseJob&) {}

void put(ByteWriter& to, const PutSecretJob& put) {
  to.u64(put.key_id);
  to.text(put.sealed);
}

void put(ByteWriter&, const DeleteSecretJob&) {}

JobDetails get_details(ByteReader& from, JobType type, std::uint8_t version) {
  const bool is_first_version = version == kFirstJobVersion;
  switch (type) {
    case JobType::SAVE: {
      SaveJob save;
      save.change = get_change(from, version);
      save.preconditions = get_preconditions(from);
      return save;
    }
    case JobType::MODIFY: {
      ModifyJob modify;
      modify.change = get_change(from, version);
      modify.revision = get_optional(from, get_varint);
      if (!is_first_version) modify.max_revisions = from.varint();
      modify.preconditions = get_preconditions(from);
      return modify;
    }
    case JobType::DELETE:
      return DeleteJob{get_preconditions(from)};
    case JobType::CREATE_TOKEN:
      return CreateTokenJob{
          get_token(from, is_first_version ? TokenForm::kFirst : TokenForm::kSecond)};
    case JobType::ROTATE_TOKEN: {
      RotateTokenJob rotate;
      rotate.hash = get_digest(from);
      rotate.former_until = static_cast<UnixMillis>(from.u64());
      return rotate;
    }
    case JobType::REVOKE_TOKEN:
      return RevokeTokenJob{};
    case JobType::NOTE_TOKEN_USE:
      return NoteTokenUseJob{};
    case JobType::PUT_SECRET: {
      PutSecretJob put;
      put.key_id = from.u64();
      put.sealed = from.text();
      return put;
    }
    case JobType::DELETE_SECRET:
      return DeleteSecretJob{};
  }
  std::unreachable();  // get_enum() lets no other through
}

// --- What all have

WasmJob get_job(ByteReader& from) {
  const std::uint8_t version = from.u8();
  if (version < kFirstJobVersion || version > kJobVersion) from.fail();
  const JobType type = get_enum(from, JobType::DELETE_SECRET);
  JobMetaData meta_data;
  meta_data.id = from.text();
  meta_data.job_id = from.text();
  meta_data.time = static_cast<UnixMillis>(from.u64());
  meta_data.run_function = get_optional(from, get_text);
  std::uint64_t size = 0;
  auto code = get_optional(from, [&size](ByteReader& in) {
    NewCode read;
    read.digest = get_digest(in);
    size = in.varint();
    read.info = get_info(in);
    return read;
  });
  if (type == JobType::SAVE && !code) from.fail();
  if (code && type != JobType::SAVE && type != JobType::MODIFY) from.fail();
  JobDetails details = get_details(from, type, version);
  WasmJob job = make_job(std::move(meta_data), std::move(details), std::move(code));
  job.meta_data.size = size;
  return job;
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::kInternal, "a record of the log of jobs is damaged",
              std::string{what} + " cannot be read from the log");
}

}  // namespace

std::string encode_job(const WasmJob& job) {
  std::string bytes;
  ByteWriter to{bytes};
  const JobMetaData& meta_data = job.meta_data;
  to.u8(kJobVersion);
  to.u8(std::to_underlying(meta_data.job_type));
  to.text(meta_data.id);
  to.text(meta_data.job_id);
  to.u64(static_cast<std::uint64_t>(meta_data.time));
  put_optional(to, meta_data.run_function, put_text);
  put_optional(to, job.wasm, [&meta_data](ByteWriter& out, const NewCode& code) {
    put_digest(out, code.digest);
    out.varint(meta_data.size);
    put_info(out, *code.info);
  });
  std::visit([&to](const auto& details) { put(to, details); }, job.details);
  return bytes;
}

Result<WasmJob> decode_job(std::string_view bytes) {
  ByteReader from{bytes};
  WasmJob job = get_job(from);
  if (from.failed() || !from.at_end()) return damaged("a job");
  return job;
}

std::string encode_entry(std::span<const WasmJob* const> jobs) {
  std::string bytes;
  ByteWriter to{bytes};
  to.u8(kEntryVersion);
  put_list(to, jobs, [](ByteWriter& out, const WasmJob* job) { out.text(encode_job(*job)); });
  return bytes;
}

Result<std::vector<WasmJob>> decode_entry(std::string_view bytes) {
  ByteReader from{bytes};
  if (from.u8() != kEntryVersion) from.fail();
  std::vector<WasmJob> jobs;
  const std::size_t count = from.count();
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    TRY_ASSIGN(WasmJob job, decode_job(from.text()));
    jobs.push_back(std::move(job));
  }
  if (from.failed() || !from.at_end()) return damaged("an entry");
  return jobs;
}

}  // namespace wasm_server
