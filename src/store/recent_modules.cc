#include "store/recent_modules.h"

#include <algorithm>
#include <utility>

#include "store/record.h"

namespace wasm_server {

Result<std::optional<WasmMetaData>> meta_data_of(const Operation& module) {
  auto meta_data = decode_record(module.id, module.record);
  if (!meta_data) return std::unexpected{std::move(meta_data).error()};
  return std::optional{*std::move(meta_data)};
}

void RecentGeneration::add(SharedOperation module) {
  const std::lock_guard lock{mutex_};
  if (module->code || module->place)
    code_.try_emplace(module->digest, RecentCode{module->code, module->place});
  const std::string_view id = module->id;
  by_id_.emplace_hint(by_id_.end(), id, std::move(module));
}

SharedOperation RecentGeneration::find(std::string_view id) const {
  const std::lock_guard lock{mutex_};
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

SharedOperation RecentGeneration::next(std::string_view from) const {
  const std::lock_guard lock{mutex_};
  const auto found = by_id_.lower_bound(from);
  return found == by_id_.end() ? nullptr : found->second;
}

RecentCode RecentGeneration::find_code(const Digest& digest) const {
  const std::lock_guard lock{mutex_};
  const auto found = code_.find(digest);
  return found == code_.end() ? RecentCode{} : found->second;
}

std::size_t RecentGeneration::size() const {
  const std::lock_guard lock{mutex_};
  return by_id_.size();
}

std::vector<SharedOperation> RecentGeneration::by_digest() const {
  const std::lock_guard lock{mutex_};
  std::vector<SharedOperation> modules;
  modules.reserve(by_id_.size());
  for (const auto& [id, module] : by_id_) modules.push_back(module);
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

SharedOperation RecentModules::View::find(std::string_view id) const {
  SharedOperation found = current->find(id);
  if (!found && moving) found = moving->find(id);
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
  const std::lock_guard lock{mutex_};
  return std::make_unique<const View>(View{moving_, current_});
}

SharedOperation RecentModules::find(std::string_view id) const {
  if (empty_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock{mutex_};
  SharedOperation found = current_->find(id);
  if (!found && moving_) found = moving_->find(id);
  return found;
}

RecentCode RecentModules::find_code(const Digest& digest) const {
  if (empty_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock{mutex_};
  RecentCode found = current_->find_code(digest);
  if (!found && moving_) found = moving_->find_code(digest);
  return found;
}

void RecentModules::add(SharedOperation module) {
  current_->add(std::move(module));
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
