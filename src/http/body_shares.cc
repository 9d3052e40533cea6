#include "http/body_shares.h"

#include <algorithm>

namespace wasm_server {

bool BodyShares::take(Account& account, std::uint64_t bytes) {
  if (bytes == 0) return true;
  const std::lock_guard lock(mutex_);
  const PeerAddress client = account.client_.value_or(PeerAddress{});
  const auto known = clients_.find(client);
  const Held holds = known == clients_.end() ? Held{} : known->second;
  const std::uint64_t total = account.held_ + bytes;
  const bool is_small = total <= kSmall;
  if (!fits_share(account, holds, bytes) && !(is_small && fits_reserve(holds, bytes))) return false;
  if (memory_ != nullptr && !memory_->take(bytes)) return false;
  Held& now = clients_[client];
  used_ += bytes;
  now.bytes += bytes;
  if (now.first == nullptr) now.first = &account;
  // One that grows beyond a small body is none any more, with all that it has.
  const std::uint64_t small_before = account.is_small_ ? account.held_ : 0;
  const std::uint64_t small_now = is_small ? total : 0;
  small_ += small_now - small_before;
  now.small += small_now - small_before;
  account.held_ = total;
  account.is_small_ = is_small;
  return true;
}

void BodyShares::release(Account& account, std::uint64_t bytes) {
  if (bytes == 0) return;
  const std::lock_guard lock(mutex_);
  const auto client = clients_.find(account.client_.value_or(PeerAddress{}));
  if (memory_ != nullptr) memory_->release(bytes);
  used_ -= bytes;
  client->second.bytes -= bytes;
  if (account.is_small_) {
    small_ -= bytes;
    client->second.small -= bytes;
  }
  account.held_ -= bytes;
  if (account.held_ == 0) {
    account.is_small_ = false;
    if (client->second.first == &account) client->second.first = nullptr;
  }
  if (client->second.bytes == 0) clients_.erase(client);
}

bool BodyShares::fits_share(const Account& account, const Held& client, std::uint64_t bytes) const {
  const std::uint64_t free = limit_ - used_;
  if (bytes > free) return false;
  if (used_ == account.held_) return true;  // the only body of all
  const std::uint64_t kept = reserve_ - std::min(reserve_, small_);
  if (bytes + kept > free) return false;
  if (client.first == nullptr || client.first == &account) return true;
  return 2 * (client.bytes + bytes) <= free - kept + client.bytes;
}

bool BodyShares::fits_reserve(const Held& client, std::uint64_t bytes) const {
  return bytes <= limit_ - used_ && small_ + bytes <= reserve_ &&
         client.small + bytes <= reserve_ / 2;
}

std::uint64_t BodyShares::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace wasm_server
