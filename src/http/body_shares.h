#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "base/memory_budget.h"
#include "http/transport/stream.h"

namespace wasm_server {

// The memory that request bodies may take in the whole process, shared out so that whoever holds
// much of it leaves others theirs:
//  - one client, as its address tells, may hold with several bodies at most as much as it leaves
//    to others; the first of them may take all that is there;
//  - an eighth is kept for small bodies (up to 1 MiB), of which one client may have half.
// All of it is taken from the process's budget as well. Safe from any thread.
class BodyShares {
 public:
  static constexpr std::uint64_t kSmall = 1U << 20;

  // `memory`, if there is one, outlives it.
  explicit BodyShares(std::uint64_t limit, MemoryBudget* memory = nullptr)
      : limit_(limit), reserve_(limit / 8), memory_(memory) {}
  BodyShares(const BodyShares&) = delete;
  BodyShares& operator=(const BodyShares&) = delete;

  // What one body holds. Used by one thread.
  class Account final : public MemoryCharge {
   public:
    explicit Account(BodyShares& shares) : shares_(shares) {}
    ~Account() override { release(held_); }
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    // While nothing is held.
    void set_client(const PeerAddress& client) { client_ = client; }
    bool has_client() const { return client_.has_value(); }

    bool take(std::uint64_t bytes) override { return shares_.take(*this, bytes); }
    void release(std::uint64_t bytes) override { shares_.release(*this, bytes); }

   private:
    friend BodyShares;

    BodyShares& shares_;
    std::optional<PeerAddress> client_;
    std::uint64_t held_ = 0;
    bool is_small_ = false;
  };

  std::uint64_t used() const;

 private:
  struct Held {
    std::uint64_t bytes = 0;
    std::uint64_t small = 0;  // of them, by small bodies
    const Account* first = nullptr;
  };

  bool take(Account& account, std::uint64_t bytes);
  void release(Account& account, std::uint64_t bytes);
  bool fits_share(const Account& account, const Held& client, std::uint64_t bytes) const;
  bool fits_reserve(const Held& client, std::uint64_t bytes) const;

  const std::uint64_t limit_;
  const std::uint64_t reserve_;
  MemoryBudget* const memory_;
  mutable std::mutex mutex_;
  std::uint64_t used_ = 0;               // guarded by mutex_, as all below
  std::uint64_t small_ = 0;              // of it, by small bodies
  std::map<PeerAddress, Held> clients_;  // those that hold something
};

}  // namespace wasm_server
