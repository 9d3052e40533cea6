#include "services/execution_log_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "base/descriptor.h"
#include "base/file_io.h"
#include "base/log.h"
#include "base/thread_priority.h"
#include "services/execution_entry_json.h"

namespace wasm_server {
namespace {

constexpr std::chrono::seconds kInterval{1};

void load_file(ExecutionLog& log, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (auto recorded = parse_execution_line(line)) log.restore(*std::move(recorded));
  }
}

}  // namespace

ExecutionLogFile::ExecutionLogFile(ExecutionLog& log, const std::filesystem::path& directory,
                                   std::uint64_t max_bytes)
    : log_(log),
      former_(directory / "executions.1"),
      current_(directory / "executions"),
      max_file_bytes_(max_bytes / 2) {}

void ExecutionLogFile::load() {
  if (!log_.is_on()) return;
  load_file(log_, former_);
  load_file(log_, current_);
  log_.restored();
}

void ExecutionLogFile::start() {
  if (!log_.is_on()) return;
  thread_ = std::thread([this] { run(); });
}

void ExecutionLogFile::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ExecutionLogFile::run() {
  lower_own_priority();
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kInterval, [this] { return stopping_; })) {
    lock.unlock();
    append();
    lock.lock();
  }
  lock.unlock();
  append();
}

void ExecutionLogFile::append() {
  std::string lines;
  for (const ExecutionLog::Recorded& recorded : log_.take_new())
    lines += execution_line(recorded.id, recorded.entry);
  if (lines.empty()) return;
  const bool failed = !write(lines);
  if (failed && !is_failing_) {
    log_warning("executions are not logged to " + current_.string() + ": " +
                std::generic_category().message(errno));
  }
  is_failing_ = failed;
}

bool ExecutionLogFile::write(std::string_view lines) {
  constexpr mode_t kOwnerOnly = 0600;
  struct stat status{};
  const bool is_there = ::stat(current_.c_str(), &status) == 0;
  std::uint64_t size = is_there ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (size > 0 && size + lines.size() > max_file_bytes_) {
    if (::rename(current_.c_str(), former_.c_str()) != 0) return false;
    size = 0;
  }
  const Descriptor file(
      ::open(current_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  return file.get() >= 0 && write_at(file.get(), size, lines);
}

}  // namespace wasm_server
