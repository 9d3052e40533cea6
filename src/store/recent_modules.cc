#include "store/recent_modules.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "store/record.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kNewest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Result<std::optional<WasmMetaData>> meta_data_of(const Operation& module) {
  auto meta_data = decode_record(module.id, module.record);
  if (!meta_data) return std::unexpected{std::move(meta_data).error()};
  return std::optional{*std::move(meta_data)};
}

void RecentGeneration::add(SharedOperation module) {
  const std::lock_guard lock{mutex_};
  if (module->code || module->place)
    code_.try_emplace(module->digest, RecentCode{module->code, module->place});
  const Key key{module->id, module->revision};
  modules_.emplace_hint(modules_.end(), key, std::move(module));
}

void RecentGeneration::merge(RecentGeneration& batch) {
  const std::lock_guard lock{mutex_};
  modules_.merge(batch.modules_);
  code_.merge(batch.code_);
  batch.code_.clear();
}

SharedOperation RecentGeneration::find(std::string_view id) const {
  SharedOperation found = next(id);
  return found && found->id == id ? found : nullptr;
}

SharedOperation RecentGeneration::find_revision(std::string_view id, std::uint64_t revision) const {
  const std::lock_guard lock{mutex_};
  const auto found = modules_.find(Key{id, revision});
  return found == modules_.end() ? nullptr : found->second;
}

std::vector<SharedOperation> RecentGeneration::revisions(std::string_view id) const {
  const std::lock_guard lock{mutex_};
  std::vector<SharedOperation> found;
  auto at = modules_.lower_bound(Key{id, kNewest});
  for (; at != modules_.end() && at->first.id == id; ++at) found.push_back(at->second);
  return found;
}

SharedOperation RecentGeneration::next(std::string_view from) const {
  const std::lock_guard lock{mutex_};
  const auto found = modules_.lower_bound(Key{from, kNewest});
  return found == modules_.end() ? nullptr : found->second;
}

RecentCode RecentGeneration::find_code(const Digest& digest) const {
  const std::lock_guard lock{mutex_};
  const auto found = code_.find(digest);
  return found == code_.end() ? RecentCode{} : found->second;
}

std::size_t RecentGeneration::size() const {
  const std::lock_guard lock{mutex_};
  return modules_.size();
}

std::vector<SharedOperation> RecentGeneration::by_digest() const {
  std::vector<SharedOperation> modules;
  {
    const std::lock_guard lock{mutex_};
    modules.reserve(modules_.size());
    for (const auto& [key, module] : modules_) modules.push_back(module);
  }
  // A module whose code was here already came without it, and may now stand before the one with it.
  const auto order = [](const SharedOperation& left, const SharedOperation& right) {
    if (left->digest != right->digest) return left->digest < right->digest;
    const bool left_brings = left->code || left->place;
    const bool right_brings = right->code || right->place;
    return left_brings && !right_brings;
  };
  std::ranges::sort(modules, order);
  return modules;
}

std::vector<SharedOperation> RecentModules::View::revisions(std::string_view id) const {
  std::vector<SharedOperation> found = current->revisions(id);
  if (!moving) return found;
  std::ranges::copy(moving->revisions(id), std::back_inserter(found));
  return found;
}

SharedOperation RecentModules::View::next(std::string_view from) const {
  SharedOperation found = current->next(from);
  if (!moving) return found;
  SharedOperation other = moving->next(from);
  if (!found || (other && other->id < found->id)) return other;
  return found;
}

std::unique_ptr<const RecentModules::View> RecentModules::view() const {
  if (empty_.load(std::memory_order_acquire)) return nullptr;
  const std::uint64_t number = number_.load(std::memory_order_acquire);
  const std::lock_guard lock{mutex_};
  return std::make_unique<const View>(View{number, moving_, current_});
}

template <class Find>
auto RecentModules::look(Find find) const {
  decltype(find(*current_)) found{};
  if (empty_.load(std::memory_order_acquire)) return found;
  const std::lock_guard lock{mutex_};
  found = find(*current_);
  if (!found && moving_) found = find(*moving_);
  return found;
}

SharedOperation RecentModules::find(std::string_view id) const {
  return look([&](const RecentGeneration& generation) { return generation.find(id); });
}

SharedOperation RecentModules::find_revision(std::string_view id, std::uint64_t revision) const {
  return look(
      [&](const RecentGeneration& generation) { return generation.find_revision(id, revision); });
}

RecentCode RecentModules::find_code(const Digest& digest) const {
  return look([&](const RecentGeneration& generation) { return generation.find_code(digest); });
}

void RecentModules::add(RecentGeneration& batch, std::uint64_t number) {
  current_->merge(batch);
  number_.store(number, std::memory_order_release);
  empty_.store(false, std::memory_order_release);
}

std::shared_ptr<const RecentGeneration> RecentModules::start_moving() {
  const auto generation = current_;
  replace(generation, std::make_shared<RecentGeneration>(), false);
  return generation;
}

void RecentModules::moved() { replace(nullptr, current_, current_->size() == 0); }

void RecentModules::clear() { replace(nullptr, std::make_shared<RecentGeneration>(), true); }

// What is replaced is freed without the lock.
void RecentModules::replace(std::shared_ptr<RecentGeneration> moving,
                            std::shared_ptr<RecentGeneration> current, bool empty) {
  const std::lock_guard lock{mutex_};
  moving_.swap(moving);
  current_.swap(current);
  empty_.store(empty, std::memory_order_release);
}

}  // namespace wasm_server
