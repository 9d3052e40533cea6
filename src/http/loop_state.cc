#include "http/loop_state.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace wasm_server {
namespace {

// IMF-fixdate (RFC 9110, section 5.6.7), independent of the locale.
std::string make_date_line(std::time_t time) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> line{};
  const int size = std::snprintf(
      line.data(), line.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", kDays[utc.tm_wday],
      utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {line.data(), static_cast<std::size_t>(size)};
}

}  // namespace

LoopState::LoopState(asio::io_context& context, const Router& router,
                     std::shared_ptr<ServerState> server)
    : context_(context),
      router_(router),
      server_(std::move(server)),
      timer_(context.get_executor()) {
  refresh_clock();
}

Moment LoopState::put_off(Moment late, std::uint64_t n, std::chrono::milliseconds timeout) const {
  constexpr std::chrono::nanoseconds kSecond = std::chrono::seconds(1);
  const auto earned = kSecond * static_cast<std::int64_t>(n) / kLowestRate;
  return std::min(late, deadline(timeout) - earned) + earned;
}

void LoopState::add(LoopMember& session) {
  members_.push_back(session);
  if (sweeping_) return;
  sweeping_ = true;
  refresh_clock();
  schedule_sweep();
}

void LoopState::refresh_clock() {
  now_ = std::chrono::steady_clock::now();
  date_line_ = make_date_line(std::time(nullptr));
}

void LoopState::schedule_sweep() {
  timer_.expires_after(kSweep);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->sweep();
  });
}

void LoopState::sweep() {
  refresh_clock();
  for (auto member = members_.begin(); member != members_.end();) (member++)->on_sweep(now_);
  sweeping_ = !members_.empty();
  if (sweeping_) schedule_sweep();
}

void LoopState::stop_all() {
  for (auto member = members_.begin(); member != members_.end();) (member++)->on_stop();
}

void LoopState::cut_all() {
  for (auto member = members_.begin(); member != members_.end();) (member++)->on_cut();
}

}  // namespace wasm_server
