#include "store/rocks/compaction_stop.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace wasm_server {

bool CompactionStop::request(const std::string& table) noexcept {
  try {
    const std::lock_guard lock{mutex_};
    if (ended_ || !requested_.insert(table).second) return true;
    waiting_.push_back(table);
    if (!thread_.joinable()) {
      thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    }
    changed_.notify_all();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void CompactionStop::use(rocksdb::DB& database, std::vector<rocksdb::ColumnFamilyHandle*> tables) {
  const std::lock_guard lock{mutex_};
  database_ = &database;
  tables_ = std::move(tables);
  changed_.notify_all();
}

void CompactionStop::end() {
  std::jthread thread;
  {
    const std::lock_guard lock{mutex_};
    ended_ = true;
    thread = std::move(thread_);
  }
}  // stopped and joined

void CompactionStop::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  const auto has_work = [this] { return database_ != nullptr && !waiting_.empty(); };
  while (changed_.wait(lock, stop, has_work)) {
    const std::string table = std::move(waiting_.back());
    waiting_.pop_back();
    lock.unlock();
    switch_off(table);
    lock.lock();
  }
}

// `tables_` and `database_` do not change any more.
void CompactionStop::switch_off(const std::string& table) const {
  const auto at = std::ranges::find(tables_, table, &rocksdb::ColumnFamilyHandle::GetName);
  if (at == tables_.end()) return;
  const auto status = database_->SetOptions(*at, {{"disable_auto_compactions", "true"}});
  if (!status.ok()) log_error("store: switching compaction off: " + status.ToString());
}

}  // namespace wasm_server
