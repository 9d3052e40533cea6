#include "services/tokens.h"

#include <utility>

#include "auth/token_text.h"
#include "base/id.h"

namespace wasm_server {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxLifetime = std::chrono::years(100);
constexpr seconds kMaxOverlap = std::chrono::days(365);

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

JobMetaData meta_data_of(std::string id, Clock::TimePoint now) {
  JobMetaData meta_data;
  meta_data.id = std::move(id);
  meta_data.job_id = make_uuid_v7(now);
  meta_data.time = unix_millis(now);
  return meta_data;
}

UnixMillis after(Clock::TimePoint now, seconds time) { return unix_millis(now + time); }

Result<void> check(const TokenRequest& request) {
  if (request.scopes.empty()) return bad("a token needs a scope: read, write, execute or admin");
  if (!request.prefix.empty() && !is_valid_id(request.prefix))
    return bad("no id begins with the prefix of the token");
  if (!request.prefix.empty() && request.scopes.has(TokenScope::kAdmin))
    return bad("a token of scope admin is for all ids: it has no prefix");
  if (request.lifetime && (*request.lifetime < seconds(1) || *request.lifetime > kMaxLifetime))
    return bad("a token lasts from a second to 100 years");
  return {};
}

}  // namespace

Result<TokenJob> make_create_job(const TokenRequest& request, Clock::TimePoint now) {
  TRY(check(request));
  AccessToken token;
  token.id = make_token_id();
  token.scopes = request.scopes;
  token.prefix = request.prefix;
  token.quota = request.quota;
  token.created_at = unix_millis(now);
  if (request.lifetime) token.expires_at = after(now, *request.lifetime);
  std::string text = make_token_text(token.id);
  token.hash = hash_of_token(text);
  JobMetaData meta_data = meta_data_of(token.id, now);
  return TokenJob{make_job(std::move(meta_data), CreateTokenJob{std::move(token)}),
                  std::move(text)};
}

Result<TokenJob> make_rotate_job(std::string id, seconds overlap, Clock::TimePoint now) {
  if (overlap < seconds(0) || overlap > kMaxOverlap)
    return bad("the former text of a token is good for 0 seconds to a year more");
  std::string text = make_token_text(id);
  RotateTokenJob rotate{hash_of_token(text), after(now, overlap)};
  return TokenJob{make_job(meta_data_of(std::move(id), now), rotate), std::move(text)};
}

WasmJob make_revoke_job(std::string id, Clock::TimePoint now) {
  return make_job(meta_data_of(std::move(id), now), RevokeTokenJob{});
}

Task<Result<IssuedToken>> Tokens::submit(TokenJob made) {
  auto submitting = channel_.tx().submit(std::move(made.job));
  CO_TRY_ASSIGN(JobResult committed, co_await std::move(submitting));
  co_return IssuedToken{std::move(committed.token).value(), std::move(made.text)};
}

Task<Result<IssuedToken>> Tokens::create(TokenRequest request) {
  CO_TRY_ASSIGN(TokenJob made, make_create_job(request, clock_.now()));
  CO_TRY_ASSIGN(const auto tokens, repository_.list());
  if (tokens.size() >= kMaxTokens) {
    co_return fail(ErrorCode::kConflict, "there are " + std::to_string(kMaxTokens) +
                                             " tokens: revoke one that is not used any more");
  }
  auto submitting = submit(std::move(made));
  co_return co_await std::move(submitting);
}

Task<Result<IssuedToken>> Tokens::rotate(std::string id, seconds overlap) {
  CO_TRY_ASSIGN(TokenJob made, make_rotate_job(std::move(id), overlap, clock_.now()));
  auto submitting = submit(std::move(made));
  co_return co_await std::move(submitting);
}

Task<Result<void>> Tokens::revoke(std::string id) {
  auto submitting = channel_.tx().submit(make_revoke_job(std::move(id), clock_.now()));
  CO_TRY(co_await std::move(submitting));
  co_return Result<void>{};
}

void Tokens::note_use(const AccessToken& token) {
  const auto now = clock_.now();
  WasmJob job = make_job(meta_data_of(token.id, now), NoteTokenUseJob{});
  (void)channel_.tx().try_send({std::move(job), [](const Result<JobResult>&) {}});
}

}  // namespace wasm_server
