#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "jobs/channel.h"
#include "model/wasm_storage.h"
#include "services/secret_key.h"
#include "store/guest_secret_repository.h"

namespace wasm_server {

inline constexpr std::size_t kMaxSecretBytes = 32U << 10;
inline constexpr std::size_t kMaxSecrets = 1000;

// Values for guests' environments that no answer, log or backup holds: they are sealed before they
// become a job, and opened for the call that needs them. Safe from any thread.
class GuestSecrets {
 public:
  // All outlive it. The key's file is made with the first secret, unless it is the operator's own
  // (`makes_key` is false), which must be there.
  GuestSecrets(const GuestSecretRepository& repository, JobChannel& channel, const Clock& clock,
               std::filesystem::path key_file, bool makes_key);

  // Reads the key. An error's message is one line for the person who started the server.
  Result<void> open();

  // kBadRequest when it can be no value of a variable.
  Task<Result<void>> put(std::string name, Bytes value);
  Task<Result<void>> remove(std::string name);
  // By name, sealed.
  Result<std::vector<GuestSecret>> list() const { return repository_.list(); }

  // kBadRequest names the first of `secrets` that there is not.
  Result<void> check(const StringMap& secrets) const;
  // Adds the variables to `env` where it has none of that name. kNotReady when a secret is not
  // there, or cannot be opened.
  Result<void> add_to(StringMap& env, const StringMap& secrets) const;

 private:
  Result<SecretKey> key_to_seal();
  std::optional<SecretKey> key() const;
  Result<Bytes> value_of(const std::string& name) const;

  const GuestSecretRepository& repository_;
  JobChannel& channel_;
  const Clock& clock_;
  const std::filesystem::path key_file_;
  const bool makes_key_;

  mutable std::mutex mutex_;
  std::optional<SecretKey> key_;  // guarded by mutex_
};

}  // namespace wasm_server
