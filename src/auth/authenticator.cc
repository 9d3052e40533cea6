#include "auth/authenticator.h"

#include <utility>

#include "auth/token_text.h"

namespace wasm_server {
namespace {

constexpr std::size_t kMaxCached = 4'096;
constexpr UnixMillis kMillisPerMinute = 60'000;

std::unexpected<Error> unauthorized() {
  return fail(ErrorCode::kUnauthorized, "the access token is not valid");
}

bool is_good(const AccessToken& token, const Digest& hash, UnixMillis now) {
  const bool current = is_same_hash(token.hash, hash);
  const bool former =
      token.former_hash && is_same_hash(*token.former_hash, hash) && now < token.former_until;
  return (current || former) && !token.is_expired(now);
}

}  // namespace

void Authenticator::changed() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  const auto empty = tokens_.empty();
  has_tokens_.store(!empty || !*empty, std::memory_order_release);
}

Result<Authenticator::Bearer> Authenticator::authenticate(std::string_view text) {
  const Digest hash = hash_of_token(text);
  const auto id = token_id_of(text);
  if (!id) return unauthorized();
  TRY_ASSIGN(const SharedKnown known, find(*id));
  static const AccessToken nobody{};
  const UnixMillis now = unix_millis(clock_.now());
  const bool good = is_good(known ? known->token : nobody, hash, now);
  if (!known || !good) return unauthorized();
  UnixMillis noted = known->noted.load(std::memory_order_relaxed);
  const bool is_to_note =
      now - noted >= kMillisPerMinute && known->noted.compare_exchange_strong(noted, now);
  return Bearer{Token(known, &known->token), is_to_note};
}

// Null when there is none.
Result<Authenticator::SharedKnown> Authenticator::find(std::string_view id) {
  const std::uint64_t generation = generation_.load(std::memory_order_acquire);
  {
    const std::lock_guard lock(mutex_);
    const Entry* const entry = cache_.find(id);
    if (entry != nullptr && entry->generation == generation) return entry->known;
  }
  // A change that is committed from here on makes this entry an old one.
  TRY_ASSIGN(auto found, tokens_.find(id));
  if (!found) return nullptr;
  const UnixMillis noted = found->last_used_at.value_or(0);
  SharedKnown known = std::make_shared<Known>(*std::move(found), noted);
  const std::lock_guard lock(mutex_);
  if (Entry* const entry = cache_.find(id)) {
    *entry = {known, generation};
    return known;
  }
  cache_.insert(std::string(id), {known, generation});
  if (cache_.size() > kMaxCached) cache_.pop_oldest();
  return known;
}

}  // namespace wasm_server
