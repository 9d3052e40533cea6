#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <thread>

#include "services/execution_log.h"

namespace wasm_server {

// Keeps an ExecutionLog over restarts: a thread appends what is new, once a second, as lines of
// JSON to a file in the data directory; a file that is full takes the place of the one before it. A
// process that is killed loses the last second. It is a log, not data: nothing waits for the disk,
// and what the disk does not take is gone. Owned by the main thread.
class ExecutionLogFile {
 public:
  // `log` outlives it. Both files together have at most about `max_bytes`.
  ExecutionLogFile(ExecutionLog& log, const std::filesystem::path& directory,
                   std::uint64_t max_bytes);
  ~ExecutionLogFile() { stop(); }
  ExecutionLogFile(const ExecutionLogFile&) = delete;
  ExecutionLogFile& operator=(const ExecutionLogFile&) = delete;

  // Reads what a former process left; lines that are none are passed over.
  void load();
  void start();
  // What was recorded until now is written.
  void stop();

 private:
  void run();
  void append();
  bool write(std::string_view lines);

  ExecutionLog& log_;
  const std::filesystem::path former_;
  const std::filesystem::path current_;
  const std::uint64_t max_file_bytes_;
  bool is_failing_ = false;  // of the thread: the last write failed

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace wasm_server
