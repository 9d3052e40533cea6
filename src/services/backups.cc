#include "services/backups.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/log.h"

namespace wasm_server {
namespace {

using Position = BackupSource::Position;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

// Who goes on begins to read at the place before, and gives only what comes behind.
constexpr std::uint64_t kBetweenPlaces = 32U << 20;

}  // namespace

struct Backups::Kept {
  std::shared_ptr<const BackupSource> source;
  std::vector<Position> places{Position{}};
  std::uint64_t given = 0;   // bytes, to the furthest
  std::uint64_t reader = 0;  // who reads it, of all that ever did; 0: nobody
  std::uint64_t readers = 0;
  Time left{};
};

// What a helper works with, however long that takes.
struct Backups::Reading {
  std::shared_ptr<const BackupSource> source;
  Position at;
  std::uint64_t skip_to = 0;
  std::string piece;

  Result<ByteView> next() {
    piece.clear();
    std::vector<std::string> lost;
    do {
      if (at.offset <= skip_to) piece.clear();
      source->next(at, piece, &lost);
    } while (!at.ended && (piece.empty() || at.offset <= skip_to));
    // It was told before of what lies there.
    if (skip_to == 0) log_lost(lost);
    if (at.offset - piece.size() < skip_to)
      piece.erase(0, std::min<std::uint64_t>(piece.size(), skip_to - (at.offset - piece.size())));
    skip_to = 0;
    return ByteView{piece};
  }

  void log_lost(const std::vector<std::string>& lost) const {
    for (const std::string& line : lost)
      log_error("backup " + to_text(source->head().id) + " is made without: " + line);
  }
};

Result<std::unique_ptr<Backups::Stream>> Backups::begin() {
  const std::lock_guard lock(mutex_);
  if (!make_room())
    return fail(ErrorCode::kOverloaded, "two backups are being made; there are no more at once");
  TRY_ASSIGN(std::shared_ptr<const BackupSource> source,
             BackupSource::take(store_, settings_.program, unix_millis(clock_.now())));
  auto kept = std::make_shared<Kept>();
  kept->source = std::move(source);
  kept_.push_back(kept);
  return open(kept, 0);
}

bool Backups::make_room() {
  if (kept_.size() < kMax) return true;
  const auto key = [](const auto& kept) { return std::pair{kept->reader != 0, kept->left}; };
  const auto oldest = std::ranges::min_element(kept_, {}, key);
  if ((*oldest)->reader != 0) return false;
  kept_.erase(oldest);
  return true;
}

Result<std::unique_ptr<Backups::Stream>> Backups::resume(const BackupId& id, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      kept_, [&id](const auto& kept) { return kept->source->head().id == id; });
  if (found == kept_.end() || offset > (*found)->given)
    return fail(ErrorCode::kNotFound, "this backup is not kept any more; begin a new one");
  return open(*found, offset);
}

std::unique_ptr<Backups::Stream> Backups::open(const std::shared_ptr<Kept>& kept,
                                               std::uint64_t offset) {
  const auto behind = std::ranges::upper_bound(kept->places, offset, {}, &Position::offset);
  auto reading = std::make_shared<Reading>();
  reading->source = kept->source;
  reading->at = *std::prev(behind);
  reading->skip_to = offset;
  kept->reader = ++kept->readers;
  return std::make_unique<Stream>(*this, kept, kept->reader, std::move(reading));
}

void Backups::drop_old(Time now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& kept) {
    return kept->reader == 0 && now - kept->left >= settings_.kept;
  });
}

Backups::Stream::Stream(Backups& backups, std::shared_ptr<Kept> kept, std::uint64_t reader,
                        std::shared_ptr<Reading> reading)
    : backups_(backups), kept_(std::move(kept)), reader_(reader), reading_(std::move(reading)) {}

// One that was read to its end is not needed again, unless its last bytes were lost on their way:
// then its reader begins anew.
Backups::Stream::~Stream() {
  const std::lock_guard lock(backups_.mutex_);
  if (kept_->reader != reader_) return;
  kept_->reader = 0;
  kept_->left = std::chrono::steady_clock::now();
  if (ended_) std::erase(backups_.kept_, kept_);
}

bool Backups::Stream::is_current() const {
  const std::lock_guard lock(backups_.mutex_);
  return kept_->reader == reader_;
}

void Backups::Stream::note_progress() {
  const std::lock_guard lock(backups_.mutex_);
  const Position& at = reading_->at;
  kept_->given = std::max(kept_->given, at.offset);
  if (at.offset >= kept_->places.back().offset + kBetweenPlaces) kept_->places.push_back(at);
}

Task<void> Backups::Stream::wait_for_turn() {
  if (backups_.settings_.bytes_per_second == 0) co_return;
  const auto now = std::chrono::steady_clock::now();
  if (turn_ > now) {
    const Executor executor = co_await asio::this_coro::executor;
    Timer timer(executor, turn_);
    auto waiting = timer.async_wait(use_task);
    co_await std::move(waiting);
  }
  turn_ = std::max(turn_, now);
}

Task<Result<ByteView>> Backups::Stream::next() {
  if (!is_current())
    co_return fail(ErrorCode::kConflict, "another client goes on with this backup");
  if (ended_) co_return ByteView{};
  auto turn = wait_for_turn();
  co_await std::move(turn);
  std::move_only_function<Result<ByteView>()> read = [reading = reading_] {
    return reading->next();
  };
  auto running = backups_.helpers_.run<ByteView>(std::move(read));
  const Result<ByteView> piece = co_await std::move(running);
  if (!piece) co_return piece;
  note_progress();
  ended_ = reading_->at.ended;
  if (const std::uint64_t rate = backups_.settings_.bytes_per_second; rate != 0) {
    const std::chrono::duration<double> time(static_cast<double>(piece->size()) /
                                             static_cast<double>(rate));
    turn_ += std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
  }
  co_return piece;
}

}  // namespace wasm_server
