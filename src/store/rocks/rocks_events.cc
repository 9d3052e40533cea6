#include "store/rocks/rocks_events.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace wasm_server {
namespace {

// What a compaction reads is not what was written, or cannot be read; not a failure to write.
bool is_damage(const rocksdb::Status& status) {
  return status.IsCorruption() ||
         (status.IsIOError() && status.ToString().find("While pread") != std::string::npos);
}

class Listener final : public rocksdb::EventListener {
 public:
  Listener(std::shared_ptr<RocksDatabase::Health> health, CompactionStop& compaction)
      : health_(std::move(health)), compaction_(compaction) {}

  // Before OnBackgroundError() for the same failure.
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    if (info.status.ok()) health_->compactions.fetch_add(1, std::memory_order_relaxed);
    if (!is_damage(info.status)) return;
    log_error("store: table " + info.cf_name + " is damaged, and not compacted until a restart: " +
              info.status.ToString() + "; `wasm-server check` says what is lost");
    if (!compaction_.request(info.cf_name)) health_->failed = true;
  }

  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override {
    health_->flushes.fetch_add(1, std::memory_order_relaxed);
  }

  // Without an error RocksDB goes on taking writes.
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && is_damage(*status)) {
      *status = rocksdb::Status::OK();
      return;
    }
    log_error("store: " + status->ToString());
    const bool passes =
        status->IsNoSpace() && status->severity() < rocksdb::Status::Severity::kFatalError;
    (passes ? health_->full : health_->failed) = true;
  }

  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::shared_ptr<RocksDatabase::Health> health_;
  CompactionStop& compaction_;
};

class Logger final : public rocksdb::Logger {
 public:
  Logger() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
  }

  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < GetInfoLogLevel() || is_known(format)) return;
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    std::string line = std::string{"store: "} + text.data();
    while (line.back() == '\n') line.pop_back();
    level == rocksdb::InfoLogLevel::WARN_LEVEL ? log_warning(line) : log_error(line);
  }

 private:
  // Its options are not written (WalFileSystem).
  static bool is_known(std::string_view format) {
    return format.find("persist options") != std::string_view::npos;
  }
};

}  // namespace

std::shared_ptr<rocksdb::EventListener> make_listener(std::shared_ptr<RocksDatabase::Health> health,
                                                      CompactionStop& compaction) {
  return std::make_shared<Listener>(std::move(health), compaction);
}

std::shared_ptr<rocksdb::Logger> make_logger() { return std::make_shared<Logger>(); }

}  // namespace wasm_server
