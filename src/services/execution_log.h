#pragma once

// How the executions of each module ended, and the last of what they wrote to their standard error:
// the newest of each, within bounds of bytes.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/lru_cache.h"
#include "model/execution_entry.h"

namespace wasm_server {

class ExecutionLog {
 public:
  struct Bounds {
    std::uint64_t bytes = 32ULL << 20;  // of all; beyond it the module goes that ended last
    std::uint64_t module_bytes = 64ULL << 10;
  };
  struct Recorded {
    std::string id;  // the module's
    ExecutionEntry entry;
  };

  // Where one worker records. It has its own lock, which is nearly always free, because recording
  // is on the path of every call.
  class Writer {
   public:
    // Gives the entry its number.
    void add(std::string_view id, ExecutionEntry entry);

   private:
    friend class ExecutionLog;
    struct Module {
      std::deque<ExecutionEntry> entries;  // oldest first
      std::uint64_t bytes = 0;
      std::uint64_t taken = 0;  // by take_new(): up to this number
      bool is_new = false;      // it stands in new_
    };

    explicit Writer(ExecutionLog& log) : log_(log) {}
    void insert(std::string_view id, ExecutionEntry entry);  // mutex_ held
    void drop_oldest(Module& module);
    void take_new(Module& module, const std::string& id, std::vector<Recorded>& out);

    ExecutionLog& log_;
    std::mutex mutex_;
    // This and below: guarded by mutex_.
    LruCache<std::string, Module, TextHash> modules_;
    std::uint64_t bytes_ = 0;
    std::vector<std::string> new_;  // modules with entries that take_new() has not taken
  };

  // `writers`: how many share the bounds. With no bytes nothing is recorded.
  ExecutionLog(Bounds bounds, std::size_t writers);
  ExecutionLog(const ExecutionLog&) = delete;
  ExecutionLog& operator=(const ExecutionLog&) = delete;

  bool is_on() const { return bounds_.bytes > 0; }

  // --- Before anything is recorded

  // All are made then; each is for one worker and lives as long as this.
  Writer& writer(std::size_t index) { return *writers_[index]; }
  // What a former process recorded, in its order, and that this was all. It may have recorded more
  // than it kept: numbers go on behind that.
  void restore(Recorded recorded);
  void restored() { last_number_ += kMaxUnkept; }

  // --- Safe from any thread

  // At most `limit` entries of a module, oldest first: the newest, or with `after` those that
  // follow that number.
  std::vector<ExecutionEntry> read(std::string_view id, std::optional<std::uint64_t> after,
                                   std::size_t limit) const;
  void forget(std::string_view id);

  // What was recorded since the last call, in the order of the numbers. Of a module that is called
  // all the time it leaves out plain ends in between.
  std::vector<Recorded> take_new();

 private:
  static constexpr std::uint64_t kMaxUnkept = 1ULL << 24;

  const Bounds bounds_;
  std::atomic<std::uint64_t> last_number_{0};
  std::vector<std::unique_ptr<Writer>> writers_;
};

}  // namespace wasm_server
