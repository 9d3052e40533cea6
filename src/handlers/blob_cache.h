#pragma once

// Large code that is read again and again, whole and in memory: it goes to the socket from here,
// without a copy for each answer. Safe from any thread.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "store/store.h"

namespace wasm_server {

class BlobCache {
 public:
  struct Bounds {
    std::size_t kept =
        32U << 20;  // what nobody reads just now included; the least recently read goes
    std::size_t held = 256U << 20;  // with what slow clients are still being sent
  };

  // `store` must outlive this; what it gave may outlive it.
  BlobCache(Store& store, Bounds bounds) : store_(store), bounds_(bounds) {}
  BlobCache(const BlobCache&) = delete;
  BlobCache& operator=(const BlobCache&) = delete;

  // The code of that digest, which has `size` bytes. Null when it is to be read in slices: it is
  // too large, was not read lately, or too much is being held. Null as well when it is not there.
  Result<SharedBytes> find(const Digest& digest, std::uint64_t size);

 private:
  struct Entry {
    Digest digest;
    SharedBytes code;
  };
  using Entries = std::list<Entry>;  // most recently read first

  SharedBytes find_kept(const Digest& digest);
  bool was_read_lately(const Digest& digest);  // and is from now on
  void keep(const Digest& digest, const SharedBytes& code);
  SharedBytes counted(Bytes code);

  Store& store_;
  const Bounds bounds_;
  const std::shared_ptr<std::atomic<std::size_t>> held_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::mutex mutex_;
  std::array<Digest, 64> lately_;  // this and below: guarded by mutex_; by hash
  Entries entries_;
  std::unordered_map<Digest, Entries::iterator> by_digest_;
  std::size_t kept_ = 0;
};

}  // namespace wasm_server
