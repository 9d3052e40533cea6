#pragma once

// What the program does with access tokens, for whoever asks. It knows nothing of HTTP.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "jobs/channel.h"
#include "jobs/wasm_job.h"
#include "model/access_token.h"
#include "store/token_repository.h"

namespace wasm_server {

// There are a handful of them; this many take a page of a list.
inline constexpr std::size_t kMaxTokens = 1'000;

struct TokenRequest {
  TokenScopes scopes;
  std::string prefix{};
  Quota quota{};
  std::optional<std::chrono::seconds> lifetime{};  // empty: no end
};

// The text is shown this once.
struct IssuedToken {
  AccessToken token;
  std::string text;
};

// A job, and the text whose hash it brings.
struct TokenJob {
  WasmJob job;
  std::string text;
};

// kBadRequest when it has no scope, a prefix that no id begins with, an end out of bounds, or is
// for administrators of a prefix only, who there are none of.
Result<TokenJob> make_create_job(const TokenRequest& request, Clock::TimePoint now);
// The former text is good for `overlap` more; kBadRequest when that is out of bounds.
Result<TokenJob> make_rotate_job(std::string id, std::chrono::seconds overlap,
                                 Clock::TimePoint now);
WasmJob make_revoke_job(std::string id, Clock::TimePoint now);

// Safe from any thread. Tasks resume on the caller's event loop when the change is committed.
// Beside what the jobs' makers say: kNotFound, kConflict when there are kMaxTokens, kOverloaded,
// kStorageFull, kInternal.
class Tokens {
 public:
  // All outlive it.
  Tokens(const TokenRepository& repository, JobChannel& channel, const Clock& clock)
      : repository_(repository), channel_(channel), clock_(clock) {}

  Task<Result<IssuedToken>> create(TokenRequest request);
  Task<Result<IssuedToken>> rotate(std::string id, std::chrono::seconds overlap);
  Task<Result<void>> revoke(std::string id);
  Result<std::vector<AccessToken>> list() const { return repository_.list(); }

  // Keeps when a token was used last, to the minute; does not wait. What cannot be noted is not.
  void note_use(const AccessToken& token);

 private:
  Task<Result<IssuedToken>> submit(TokenJob made);

  const TokenRepository& repository_;
  JobChannel& channel_;
  const Clock& clock_;
};

}  // namespace wasm_server
