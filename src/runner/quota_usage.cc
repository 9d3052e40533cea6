#include "runner/quota_usage.h"

#include <cstddef>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "store/module_amount.h"

namespace wasm_server {
namespace {

// Tokens come and go, and their prefixes with them: from so many on all are counted again.
constexpr std::size_t kMaxPrefixes = 10'000;

Result<void> check_amount(std::optional<std::uint64_t> max, std::int64_t change, std::int64_t after,
                          const PrefixQuota& quota, const std::string& unit) {
  if (!max || change <= 0 || after <= 0 || static_cast<std::uint64_t>(after) <= *max) return {};
  const std::string where = quota.prefix.empty() ? "" : " under " + quote(quota.prefix);
  return fail(ErrorCode::kStorageFull, "the quota of the access token allows " +
                                           std::to_string(*max) + " " + unit + where +
                                           ": this would make it " + std::to_string(after));
}

}  // namespace

void QuotaUsage::prepare(const PrefixQuota& quota) {
  if (usage_.contains(quota.prefix)) return;
  if (usage_.size() >= kMaxPrefixes) usage_.clear();
  const auto stored = stored_under(store_, quota.prefix);
  if (stored) {
    usage_.emplace(quota.prefix, Usage{*stored});
  } else {
    log_error("quota of " + quote(quota.prefix) + ": " + stored.error().log);
  }
}

template <class Visit>
void QuotaUsage::for_each_prefix_of(std::string_view id, Visit visit) {
  if (usage_.empty()) return;
  for (std::size_t length = 0; length <= id.size(); ++length) {
    const auto found = usage_.find(id.substr(0, length));
    if (found != usage_.end()) visit(found->second);
  }
}

Result<void> QuotaUsage::check(const PrefixQuota& quota, const StoredAmount& change) const {
  const auto found = usage_.find(quota.prefix);
  if (found == usage_.end())
    return fail(ErrorCode::kInternal, "it cannot be told how much is stored");
  StoredAmount after = change;
  after += found->second.stored;
  after += found->second.added;
  TRY(check_amount(quota.quota.max_modules, change.modules, after.modules, quota, "modules"));
  return check_amount(quota.quota.max_bytes, change.bytes, after.bytes, quota, "bytes");
}

Result<void> QuotaUsage::add(std::string_view id, const StoredAmount& change,
                             const std::optional<PrefixQuota>& quota) {
  if (quota) {
    TRY(check(*quota, change));
  }
  for_each_prefix_of(id, [&](Usage& usage) {
    usage.added += change;
    changed_.push_back(&usage);
  });
  return {};
}

void QuotaUsage::committed() {
  for (Usage* usage : changed_) usage->stored += std::exchange(usage->added, {});
  changed_.clear();
}

void QuotaUsage::discard() {
  for (Usage* usage : changed_) usage->added = {};
  changed_.clear();
}

}  // namespace wasm_server
