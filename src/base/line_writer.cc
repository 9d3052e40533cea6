#include "base/line_writer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/descriptor.h"

namespace wasm_server {
namespace {

using Clock = std::chrono::steady_clock;

// A pipe that polls as writable takes this much without waiting.
constexpr std::size_t kAtOnce = PIPE_BUF;

enum class Wait : std::uint8_t { kWritable, kInterrupted, kFailed };

// Until `descriptor` takes more, or `wake` (-1: nothing) is readable, or the time is over (-1:
// never).
Wait wait_for_room(int descriptor, int wake, int millis) {
  pollfd asked[] = {{descriptor, POLLOUT, 0}, {wake, POLLIN, 0}};
  const int ready = ::poll(asked, 2, millis);
  if (ready < 0) return errno == EINTR ? Wait::kInterrupted : Wait::kFailed;
  if ((asked[0].revents & POLLOUT) != 0) return Wait::kWritable;
  // Nobody has the other end any more: nothing will be read.
  if (asked[0].revents != 0) return Wait::kFailed;
  return Wait::kInterrupted;
}

// How much was written; 0 when it cannot be.
std::size_t write_some(int descriptor, std::string_view text) {
  const ssize_t n = ::write(descriptor, text.data(), std::min(text.size(), kAtOnce));
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

}  // namespace

struct LineWriter::Shared {
  Shared(int to, std::size_t bytes, Notice lost_notice)
      : descriptor(to), max_bytes(bytes), notice(std::move(lost_notice)) {}

  bool is_written() const { return queue.empty() && lost == 0 && !writing; }
  std::string take();
  void run();
  void write(std::string_view text);
  void stop();

  const int descriptor;
  const std::size_t max_bytes;
  const Notice notice;
  const Descriptor stopped{::eventfd(0, EFD_CLOEXEC)};  // readable once it is to stop

  std::mutex mutex;
  std::condition_variable pushed;
  std::condition_variable written;
  std::string queue;            // guarded by mutex, as all below
  std::size_t taken_bytes = 0;  // being written
  std::uint64_t lost = 0;       // and not said yet
  bool writing = false;
  bool stopping = false;
};

// What is to be written next; empty when it is to stop.
std::string LineWriter::Shared::take() {
  std::unique_lock lock(mutex);
  writing = false;
  taken_bytes = 0;
  if (is_written()) written.notify_all();
  pushed.wait(lock, [this] { return !queue.empty() || lost != 0 || stopping; });
  if (stopping) return {};
  writing = true;
  std::string text = std::exchange(queue, {});
  taken_bytes = text.size();
  // The lines before it came first: nothing was taken once one was lost.
  if (lost != 0) text += notice(std::exchange(lost, 0));
  return text;
}

void LineWriter::Shared::run() {
  for (std::string text = take(); !text.empty(); text = take()) write(text);
  const std::lock_guard lock(mutex);
  writing = false;
  written.notify_all();
}

// Until it is to stop. What cannot be written is given up: there is nobody to tell.
void LineWriter::Shared::write(std::string_view text) {
  while (!text.empty()) {
    const Wait found = wait_for_room(descriptor, stopped.get(), -1);
    if (found == Wait::kFailed) return;
    if (found == Wait::kInterrupted) {
      const std::lock_guard lock(mutex);
      if (stopping) return;
      continue;
    }
    const std::size_t n = write_some(descriptor, text);
    if (n == 0 && errno != EINTR && errno != EAGAIN) return;
    text.remove_prefix(n);
  }
}

void LineWriter::Shared::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  pushed.notify_all();
  const std::uint64_t one = 1;
  (void)!::write(stopped.get(), &one, sizeof one);
}

LineWriter::LineWriter(int descriptor, std::size_t max_bytes, Notice notice)
    : shared_(std::make_shared<Shared>(descriptor, max_bytes, std::move(notice))) {
  std::thread([shared = shared_] { shared->run(); }).detach();
}

LineWriter::~LineWriter() { finish(std::chrono::milliseconds{0}); }

void LineWriter::push(std::string_view line) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->stopping) return;
    const std::size_t held = shared_->queue.size() + shared_->taken_bytes;
    // After a lost one everything is, until that has been said: the order stays right.
    if (shared_->lost != 0 || held + line.size() > shared_->max_bytes) {
      ++shared_->lost;
      return;
    }
    shared_->queue += line;
  }
  shared_->pushed.notify_one();
}

bool LineWriter::flush(std::chrono::milliseconds max_wait) {
  std::unique_lock lock(shared_->mutex);
  return shared_->written.wait_for(lock, max_wait, [this] { return shared_->is_written(); });
}

bool LineWriter::finish(std::chrono::milliseconds max_wait) {
  const bool done = flush(max_wait);
  shared_->stop();
  return done;
}

bool write_within(int descriptor, std::string_view text, std::chrono::milliseconds max_wait) {
  const auto end = Clock::now() + max_wait;
  while (!text.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    const int millis = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    const Wait found = wait_for_room(descriptor, -1, millis);
    if (found == Wait::kFailed || (found == Wait::kInterrupted && millis == 0)) return false;
    if (found == Wait::kInterrupted) continue;
    const std::size_t n = write_some(descriptor, text);
    if (n == 0 && errno != EINTR && errno != EAGAIN) return false;
    text.remove_prefix(n);
  }
  return true;
}

}  // namespace wasm_server
