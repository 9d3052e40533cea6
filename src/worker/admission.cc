#include "worker/admission.h"

#include <algorithm>
#include <utility>

namespace wasm_server {

namespace {

// Limiters of modules that nobody calls are kept (they remember who is slow) until there are this
// many.
constexpr std::size_t kMaxIdleLimiters = 16'384;

// For how long the calls of a module that held a thread start in the background.
constexpr std::chrono::seconds kHeldPenalty{10};

constexpr Admission::Clock::time_point kNever{};

bool is_slow(const Admission::ConcurrencyLimiter& limiter) {
  return limiter.slow ||
         (limiter.held_until != kNever && Admission::Clock::now() < limiter.held_until);
}

}  // namespace

const std::shared_ptr<Admission::ConcurrencyLimiter>& Admission::limiter_of(
    std::string_view id, const ConcurrencyLimits& limits) {
  auto found = limiters_.find(id);
  if (found == limiters_.end()) {
    if (limiters_.size() >= kMaxIdleLimiters) forget_idle_limiters();
    found = limiters_.emplace(std::string(id), std::make_shared<ConcurrencyLimiter>()).first;
  }
  found->second->limits = limits;
  return found->second;
}

void Admission::forget_idle_limiters() {
  std::erase_if(limiters_, [](const auto& item) {
    return item.second->running == 0 && item.second->waiting.empty();
  });
}

bool Admission::has_room(const ConcurrencyLimiter& limiter) const {
  const auto cap = limiter.limits.max_concurrency;
  return running_ < max_running_ && (cap == 0 || limiter.running < cap);
}

Admission::Ticket Admission::try_enter(std::string_view id, const ConcurrencyLimits& limits) {
  const std::lock_guard lock(mutex_);
  auto& limiter = *limiter_of(id, limits);
  if (!has_room(limiter) || !limiter.waiting.empty()) return {};
  ++running_;
  ++limiter.running;
  return {&limiter, is_slow(limiter)};
}

Admission::Queued Admission::enter_or_wait(std::string_view id, const ConcurrencyLimits& limits,
                                           const std::shared_ptr<Waiter>& waiter,
                                           std::shared_ptr<ConcurrencyLimiter>& out) {
  const std::lock_guard lock(mutex_);
  out = limiter_of(id, limits);
  auto& limiter = *out;
  if (has_room(limiter) && limiter.waiting.empty()) {
    ++running_;
    ++limiter.running;
    return Queued::kAdmitted;
  }
  const auto cap = limits.max_queue;
  if (waiting_ >= max_waiting_ || (cap != 0 && limiter.waiting.size() >= cap))
    return Queued::kRefused;
  if (limiter.waiting.empty()) turns_.push_back(&limiter);
  limiter.waiting.push_back(waiter);
  ++waiting_;
  return Queued::kWaiting;
}

bool Admission::stop_waiting(ConcurrencyLimiter& limiter, const std::shared_ptr<Waiter>& waiter) {
  const std::lock_guard lock(mutex_);
  const auto place = std::ranges::find(limiter.waiting, waiter);
  if (place == limiter.waiting.end()) return false;
  limiter.waiting.erase(place);
  --waiting_;
  if (limiter.waiting.empty()) turns_.remove(&limiter);
  return true;
}

// The first waiting call of the first limiter that has room; that limiter goes to the back.
std::shared_ptr<Waiter> Admission::next_waiter() {
  if (running_ >= max_running_) return nullptr;
  const auto turn = std::ranges::find_if(
      turns_, [this](const ConcurrencyLimiter* limiter) { return has_room(*limiter); });
  if (turn == turns_.end()) return nullptr;
  ConcurrencyLimiter& limiter = **turn;
  auto waiter = std::move(limiter.waiting.front());
  limiter.waiting.pop_front();
  --waiting_;
  ++running_;
  ++limiter.running;
  turns_.erase(turn);
  if (!limiter.waiting.empty()) turns_.push_back(&limiter);
  return waiter;
}

void Admission::leave(ConcurrencyLimiter& limiter, SliceUse slice_use) {
  std::shared_ptr<Waiter> next;
  {
    const std::lock_guard lock(mutex_);
    limiter.slow = slice_use != SliceUse::kShort;
    if (slice_use == SliceUse::kHeld) limiter.held_until = Clock::now() + kHeldPenalty;
    --limiter.running;
    --running_;
    if (waiting_ != 0) next = next_waiter();
  }
  if (next != nullptr) next->admitted();
}

std::uint64_t Admission::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

std::uint64_t Admission::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

}  // namespace wasm_server
