#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/lru_cache.h"
#include "base/result.h"
#include "model/access_token.h"
#include "store/token_repository.h"

namespace wasm_server {

// Tells who presents a token. Tokens that were seen lately are kept, until any token changes. Safe
// from any thread.
class Authenticator {
 public:
  using Token = std::shared_ptr<const AccessToken>;

  struct Bearer {
    Token token;
    bool is_to_note = false;  // that it was used: once a minute
  };

  // Both outlive it.
  Authenticator(const TokenRepository& tokens, const Clock& clock)
      : tokens_(tokens), clock_(clock) {}

  // Before requests are served, and after every change of a token has been committed: from now on
  // what is current holds.
  void changed();

  // Whether there is any token; what cannot be read counts as one.
  bool has_tokens() const { return has_tokens_.load(std::memory_order_acquire); }

  // kUnauthorized when the text is of no token that is good now: the same words whatever the
  // reason, and the same work, so that nobody learns which ids there are. kInternal when that
  // cannot be read.
  Result<Bearer> authenticate(std::string_view text);

 private:
  struct Known {
    Known(AccessToken token_in, UnixMillis noted_in)
        : token(std::move(token_in)), noted(noted_in) {}

    const AccessToken token;
    mutable std::atomic<UnixMillis> noted;  // when its use was
  };
  using SharedKnown = std::shared_ptr<const Known>;
  struct Entry {
    SharedKnown known;
    std::uint64_t generation;
  };

  Result<SharedKnown> find(std::string_view id);

  const TokenRepository& tokens_;
  const Clock& clock_;
  std::atomic<bool> has_tokens_{true};
  std::atomic<std::uint64_t> generation_{0};  // counts changes

  std::mutex mutex_;
  LruCache<std::string, Entry, TextHash> cache_;  // guarded by mutex_
};

}  // namespace wasm_server
