#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "store/operation.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// What is stored about a module: of the form in which a store answers.
Result<std::optional<WasmMetaData>> meta_data_of(const Operation& module);

// A module's code as it was stored: its bytes, or where they lie in the code file.
struct RecentCode {
  SharedBytes bytes;
  std::optional<CodePlace> place;

  explicit operator bool() const { return bytes != nullptr || place.has_value(); }
};

// Revisions of modules that stand in one half of the journal, and not in the database yet. Nothing
// is taken out of it again. Safe from any thread.
class RecentGeneration {
 public:
  void add(SharedOperation module);
  // All of `batch`, which is empty then and which nobody else uses.
  void merge(RecentGeneration& batch);

  // Its newest revision here.
  SharedOperation find(std::string_view id) const;
  SharedOperation find_revision(std::string_view id, std::uint64_t revision) const;
  // Newest first.
  std::vector<SharedOperation> revisions(std::string_view id) const;
  // The newest revision of the least id that is not less than `from`; null when there is none.
  SharedOperation next(std::string_view from) const;
  RecentCode find_code(const Digest& digest) const;
  std::size_t size() const;

  // In the order of their digests, those first that bring the code.
  std::vector<SharedOperation> by_digest() const;

 private:
  struct Key {
    std::string_view id;
    std::uint64_t revision;
  };
  struct NewestFirst {
    bool operator()(const Key& left, const Key& right) const {
      const int order = left.id.compare(right.id);
      return order != 0 ? order < 0 : left.revision > right.revision;
    }
  };

  mutable std::mutex mutex_;
  std::map<Key, SharedOperation, NewestFirst> modules_;  // guarded by mutex_
  std::unordered_map<Digest, RecentCode> code_;          // guarded by mutex_
};

// What readers look at before they look into the database: revisions that are durable in the
// journal. A reader must look here first, and begin to read the database after that: what is
// dropped here is in the database before. Readers are safe from any thread; the rest belongs to
// whoever holds the write path's lock.
class RecentModules {
 public:
  // Both generations as they are; what is added to the newer one later is seen as well.
  struct View {
    std::uint64_t number;  // the batches up to this one are here or in the database
    std::shared_ptr<const RecentGeneration> moving;  // null: nothing is on its way to the database
    std::shared_ptr<const RecentGeneration> current;

    std::vector<SharedOperation> revisions(std::string_view id) const;
    SharedOperation next(std::string_view from) const;
  };

  // Null when there is nothing.
  std::unique_ptr<const View> view() const;
  SharedOperation find(std::string_view id) const;
  SharedOperation find_revision(std::string_view id, std::uint64_t revision) const;
  RecentCode find_code(const Digest& digest) const;

  // Batch `number`, which is empty then.
  void add(RecentGeneration& batch, std::uint64_t number);
  std::size_t size() const { return current_->size(); }
  // The current generation is on its way to the database, and a new one begins.
  std::shared_ptr<const RecentGeneration> start_moving();
  // It has arrived there.
  void moved();
  // The database has all of it.
  void clear();

 private:
  void replace(std::shared_ptr<RecentGeneration> moving, std::shared_ptr<RecentGeneration> current,
               bool empty);
  // What `find` says of the newer generation, or else of the older one.
  template <class Find>
  auto look(Find find) const;

  std::atomic<bool> empty_{true};
  std::atomic<std::uint64_t> number_{0};  // of the last batch that was added
  mutable std::mutex mutex_;
  std::shared_ptr<RecentGeneration> moving_;  // this and below: guarded by mutex_
  std::shared_ptr<RecentGeneration> current_ = std::make_shared<RecentGeneration>();
};

}  // namespace wasm_server
