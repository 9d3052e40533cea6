#include "worker/admission.h"

#include <algorithm>
#include <utility>

namespace wasm_server {

namespace {

// Gates of modules that nobody calls are kept (they remember who is slow) until there are this
// many.
constexpr std::size_t kMostGates = 16'384;

// For how long the calls of a module that held a thread start in the background.
constexpr std::chrono::seconds kHeldPenalty{10};

constexpr Admission::Clock::time_point kNever{};

bool is_slow(const Admission::Gate& gate) {
  return gate.slow || (gate.held_until != kNever && Admission::Clock::now() < gate.held_until);
}

}  // namespace

const std::shared_ptr<Admission::Gate>& Admission::gate_of(std::string_view id,
                                                           const GateLimits& limits) {
  auto found = gates_.find(id);
  if (found == gates_.end()) {
    if (gates_.size() >= kMostGates) forget_idle_gates();
    found = gates_.emplace(std::string(id), std::make_shared<Gate>()).first;
  }
  found->second->limits = limits;
  return found->second;
}

void Admission::forget_idle_gates() {
  std::erase_if(gates_, [](const auto& item) {
    return item.second->running == 0 && item.second->waiting.empty();
  });
}

bool Admission::has_room(const Gate& gate) const {
  const auto cap = gate.limits.max_concurrency;
  return running_ < max_running_ && (cap == 0 || gate.running < cap);
}

Admission::Ticket Admission::try_enter(std::string_view id, const GateLimits& limits) {
  const std::lock_guard lock(mutex_);
  auto& gate = *gate_of(id, limits);
  if (!has_room(gate) || !gate.waiting.empty()) return {};
  ++running_;
  ++gate.running;
  return {&gate, is_slow(gate)};
}

Admission::Queued Admission::enter_or_wait(std::string_view id, const GateLimits& limits,
                                           const std::shared_ptr<Waiter>& waiter,
                                           std::shared_ptr<Gate>& out) {
  const std::lock_guard lock(mutex_);
  out = gate_of(id, limits);
  auto& gate = *out;
  if (has_room(gate) && gate.waiting.empty()) {
    ++running_;
    ++gate.running;
    return Queued::kAdmitted;
  }
  const auto cap = limits.max_queue;
  if (waiting_ >= max_waiting_ || (cap != 0 && gate.waiting.size() >= cap)) return Queued::kRefused;
  if (gate.waiting.empty()) turns_.push_back(&gate);
  gate.waiting.push_back(waiter);
  ++waiting_;
  return Queued::kWaiting;
}

bool Admission::stop_waiting(Gate& gate, const std::shared_ptr<Waiter>& waiter) {
  const std::lock_guard lock(mutex_);
  const auto place = std::ranges::find(gate.waiting, waiter);
  if (place == gate.waiting.end()) return false;
  gate.waiting.erase(place);
  --waiting_;
  if (gate.waiting.empty()) turns_.remove(&gate);
  return true;
}

// The first waiting call of the first gate that has room; that gate goes to the back.
std::shared_ptr<Waiter> Admission::next_waiter() {
  if (running_ >= max_running_) return nullptr;
  const auto turn =
      std::ranges::find_if(turns_, [this](const Gate* gate) { return has_room(*gate); });
  if (turn == turns_.end()) return nullptr;
  Gate& gate = **turn;
  auto waiter = std::move(gate.waiting.front());
  gate.waiting.pop_front();
  --waiting_;
  ++running_;
  ++gate.running;
  turns_.erase(turn);
  if (!gate.waiting.empty()) turns_.push_back(&gate);
  return waiter;
}

void Admission::leave(Gate& gate, Pace pace) {
  std::shared_ptr<Waiter> next;
  {
    const std::lock_guard lock(mutex_);
    gate.slow = pace != Pace::kShort;
    if (pace == Pace::kHeld) gate.held_until = Clock::now() + kHeldPenalty;
    --gate.running;
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
