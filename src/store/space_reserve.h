#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>

#include "base/descriptor.h"
#include "base/result.h"

namespace wasm_server {

// Room on the disk that is kept for what frees some: a file without content, `reserve`. When the
// disk is full, a delete gets it, since even a delete has to be written down before it frees
// anything; what stores more waits until at least half of it is there again. On a file system that
// cannot reserve blocks there is none, and nothing waits for it. Safe from any thread.
class SpaceReserve {
 public:
  // Takes what room there is, up to `bytes`; 0 is no reserve. Never fails: see is_kept().
  SpaceReserve(const std::filesystem::path& directory, std::uint64_t bytes);

  // Whether enough of it is there for storing more. If not it is tried to take it, about once in a
  // second.
  bool is_kept();
  // Takes what room there is.
  void refill();
  // Frees an eighth of it, or 1 MB. False when there is nothing to free.
  bool give_away();

 private:
  int file();
  void take();

  const std::filesystem::path path_;
  const std::uint64_t bytes_;
  std::atomic<bool> is_kept_{true};  // what is_kept() says without a look at the rest

  std::mutex mutex_;  // guards all below
  std::optional<Descriptor> file_;
  bool can_reserve_ = true;
  std::uint64_t held_ = 0;
  std::optional<std::chrono::steady_clock::time_point> refilled_;
};

}  // namespace wasm_server
