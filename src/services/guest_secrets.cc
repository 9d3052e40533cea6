#include "services/guest_secrets.h"

#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

JobMetaData meta_data_of(std::string name, Clock::TimePoint now) {
  JobMetaData meta_data;
  meta_data.id = std::move(name);
  meta_data.job_id = make_uuid_v7(now);
  meta_data.time = unix_millis(now);
  return meta_data;
}

}  // namespace

GuestSecrets::GuestSecrets(const GuestSecretRepository& repository, JobChannel& channel,
                           const Clock& clock, std::filesystem::path key_file, bool makes_key)
    : repository_(repository),
      channel_(channel),
      clock_(clock),
      key_file_(std::move(key_file)),
      makes_key_(makes_key) {}

Result<void> GuestSecrets::open() {
  TRY_ASSIGN(auto read, SecretKey::read(key_file_));
  if (!read && !makes_key_) {
    return fail(ErrorCode::kInternal, "there is no key of secrets " + key_file_.string() +
                                          " (64 hexadecimal digits, mode 0600)");
  }
  const std::lock_guard lock(mutex_);
  key_ = read;
  return {};
}

std::optional<SecretKey> GuestSecrets::key() const {
  const std::lock_guard lock(mutex_);
  return key_;
}

// What is made here is on the disk before anything is sealed with it.
Result<SecretKey> GuestSecrets::key_to_seal() {
  const std::lock_guard lock(mutex_);
  if (!key_) {
    TRY_ASSIGN(key_, SecretKey::make(key_file_));
  }
  return *key_;
}

Task<Result<void>> GuestSecrets::put(std::string name, Bytes value) {
  if (value.empty() || value.size() > kMaxSecretBytes)
    co_return bad("a secret has 1 to " + std::to_string(kMaxSecretBytes) + " bytes");
  if (value.find('\0') != value.npos)
    co_return bad("a secret must not contain NUL: no variable can");
  CO_TRY_ASSIGN(const auto former, repository_.find(name));
  if (!former) {
    CO_TRY_ASSIGN(const auto all, repository_.list());
    if (all.size() >= kMaxSecrets)
      co_return fail(ErrorCode::kConflict, "there are " + std::to_string(kMaxSecrets) + " secrets");
  }
  CO_TRY_ASSIGN(const SecretKey with, key_to_seal());
  PutSecretJob put{with.id, seal(with.key, name, value)};
  WasmJob job = make_job(meta_data_of(std::move(name), clock_.now()), std::move(put));
  auto submitting = channel_.tx().submit(std::move(job));
  CO_TRY(co_await std::move(submitting));
  co_return Result<void>{};
}

Task<Result<void>> GuestSecrets::remove(std::string name) {
  WasmJob job = make_job(meta_data_of(std::move(name), clock_.now()), DeleteSecretJob{});
  auto submitting = channel_.tx().submit(std::move(job));
  CO_TRY(co_await std::move(submitting));
  co_return Result<void>{};
}

Result<void> GuestSecrets::check(const StringMap& secrets) const {
  for (const auto& [variable, name] : secrets) {
    TRY_ASSIGN(const auto found, repository_.find(name));
    if (!found) {
      std::string message = "env." + variable;
      message.append(": there is no secret ").append(quote(name));
      return bad(message.append("; it is stored first, by PUT /secrets/").append(name));
    }
  }
  return {};
}

Result<void> GuestSecrets::add_to(StringMap& env, const StringMap& secrets) const {
  for (const auto& [variable, name] : secrets) {
    if (env.contains(variable)) continue;
    TRY_ASSIGN(env[variable], value_of(name));
  }
  return {};
}

Result<Bytes> GuestSecrets::value_of(const std::string& name) const {
  TRY_ASSIGN(const auto found, repository_.find(name));
  if (!found) {
    return fail(ErrorCode::kNotReady,
                "the secret " + quote(name) + " that the module's environment needs is not there");
  }
  const auto with = key();
  auto value =
      with && with->id == found->key_id ? unseal(with->key, name, found->sealed) : std::nullopt;
  if (value) return *std::move(value);
  return fail(ErrorCode::kNotReady,
              "the secret " + quote(name) + " that the module's environment needs cannot be opened",
              "secret " + name + " is sealed with another key than " + key_file_.string() +
                  ", or damaged: PUT /secrets/" + name + " stores it anew");
}

}  // namespace wasm_server
