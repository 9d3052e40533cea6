#include "services/execution_log.h"

#include <algorithm>
#include <utility>

namespace wasm_server {
namespace {

// Plain ends of one module that take_new() takes at a time.
constexpr std::size_t kMaxPlain = 32;

// A place in the tables, beside the entries.
constexpr std::uint64_t kModuleBytes = 256;

std::uint64_t cost_of(const ExecutionEntry& entry) {
  std::uint64_t bytes = sizeof entry + entry.function.size() + entry.ended.size();
  if (const auto& details = entry.details) {
    bytes += sizeof *details + details->request_id.size() + details->detail.size() +
             details->stderr_bytes.size();
  }
  return bytes;
}

}  // namespace

ExecutionLog::ExecutionLog(Bounds bounds, std::size_t writers)
    : bounds_{bounds.bytes / writers, std::min(bounds.module_bytes, bounds.bytes) / writers} {
  for (std::size_t i = 0; i < writers; ++i) writers_.emplace_back(new Writer(*this));
}

void ExecutionLog::Writer::add(std::string_view id, ExecutionEntry entry) {
  if (!log_.is_on()) return;
  entry.number = log_.last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::lock_guard lock(mutex_);
  insert(id, std::move(entry));
}

void ExecutionLog::Writer::insert(std::string_view id, ExecutionEntry entry) {
  Module* module = modules_.find(id);
  if (module == nullptr) {
    module = &modules_.insert(std::string(id), {});
    bytes_ += kModuleBytes;
  }
  if (!std::exchange(module->is_new, true)) new_.emplace_back(id);
  const std::uint64_t cost = cost_of(entry);
  module->entries.push_back(std::move(entry));
  module->bytes += cost;
  bytes_ += cost;
  while (module->bytes > log_.bounds_.module_bytes && module->entries.size() > 1)
    drop_oldest(*module);
  while (bytes_ > log_.bounds_.bytes && modules_.size() > 1)
    bytes_ -= kModuleBytes + modules_.pop_oldest().bytes;
}

void ExecutionLog::Writer::drop_oldest(Module& module) {
  const std::uint64_t cost = cost_of(module.entries.front());
  module.entries.pop_front();
  module.bytes -= cost;
  bytes_ -= cost;
}

void ExecutionLog::restore(Recorded recorded) {
  if (!is_on()) return;
  const std::uint64_t number = recorded.entry.number;
  if (number <= last_number_) return;
  last_number_ = number;
  Writer& first = *writers_.front();
  const std::lock_guard lock(first.mutex_);
  first.insert(recorded.id, std::move(recorded.entry));
  Writer::Module& module = *first.modules_.find(recorded.id);
  module.taken = number;
}

std::vector<ExecutionEntry> ExecutionLog::read(std::string_view id,
                                               std::optional<std::uint64_t> after,
                                               std::size_t limit) const {
  std::vector<ExecutionEntry> found;
  for (const auto& writer : writers_) {
    const std::lock_guard lock(writer->mutex_);
    const Writer::Module* module = writer->modules_.peek(id);
    if (module == nullptr) continue;
    const auto& entries = module->entries;
    const auto first =
        std::ranges::upper_bound(entries, after.value_or(0), {}, &ExecutionEntry::number);
    const auto count =
        std::min<std::ptrdiff_t>(entries.end() - first, static_cast<std::ptrdiff_t>(limit));
    if (after) {
      found.insert(found.end(), first, first + count);
    } else {
      found.insert(found.end(), entries.end() - count, entries.end());
    }
  }
  std::ranges::sort(found, {}, &ExecutionEntry::number);
  if (found.size() <= limit) return found;
  const auto beyond = static_cast<std::ptrdiff_t>(found.size() - limit);
  if (after) {
    found.erase(found.end() - beyond, found.end());
  } else {
    found.erase(found.begin(), found.begin() + beyond);
  }
  return found;
}

void ExecutionLog::forget(std::string_view id) {
  for (const auto& writer : writers_) {
    const std::lock_guard lock(writer->mutex_);
    if (writer->modules_.peek(id) == nullptr) continue;
    const Writer::Module gone = writer->modules_.take(id);
    writer->bytes_ -= kModuleBytes + gone.bytes;
  }
}

void ExecutionLog::Writer::take_new(Module& module, const std::string& id,
                                    std::vector<Recorded>& out) {
  module.is_new = false;
  const std::uint64_t taken = std::exchange(module.taken, module.entries.back().number);
  std::size_t plain = 0;
  for (auto entry = module.entries.rbegin();
       entry != module.entries.rend() && entry->number > taken; ++entry) {
    if (entry->details == nullptr && ++plain > kMaxPlain) continue;
    out.push_back({id, *entry});
  }
}

std::vector<ExecutionLog::Recorded> ExecutionLog::take_new() {
  std::vector<Recorded> all;
  for (const auto& writer : writers_) {
    const std::lock_guard lock(writer->mutex_);
    for (const std::string& id : std::exchange(writer->new_, {})) {
      if (Writer::Module* module = writer->modules_.peek(id)) writer->take_new(*module, id, all);
    }
  }
  std::ranges::sort(all, {}, [](const Recorded& recorded) { return recorded.entry.number; });
  return all;
}

}  // namespace wasm_server
