#include "cli/backup_download.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "cli/api/problem.h"

namespace wasm_server::cli {
namespace {

// In a row, without a byte of the backup: about a minute in all.
constexpr int kMaxVainAttempts = 15;
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{5000};

std::chrono::milliseconds pause_after(int attempts) {
  return std::min(kLongestPause, kFirstPause * (1 << std::min(attempts, 8)));
}

}  // namespace

void BackupDownload::reset() {
  reader_.emplace(static_cast<BackupVisitor&>(*this));
  lost_.clear();
}

BackupDownload::BackupDownload(const Terminal& terminal, std::string name, BackupSink sink)
    : terminal_(terminal), name_(std::move(name)), sink_(std::move(sink)) {
  reset();
}

bool BackupDownload::take_former(std::string_view bytes) {
  if (reader_->push(bytes) && !reader_->is_complete()) return true;
  reset();
  return false;
}

Result<void> BackupDownload::frame(std::string_view bytes) {
  if (!writes_) return {};
  Outcome<void> written = sink_.write(bytes);
  if (written) return {};
  own_failure_ = std::move(written).error();
  return fail(ErrorCode::kInternal, own_failure_->message);
}

Result<void> BackupDownload::lost(const LostRecord& lost) {
  lost_.push_back(lost.reason);
  return {};
}

Outcome<void> BackupDownload::run(ApiClient& api) {
  reader_->resume();
  if (!reader_->head()) {
    TRY(begin_anew());
  }
  writes_ = true;
  int vain = 0;
  for (;;) {
    const std::uint64_t before = reader_->offset();
    TRY_ASSIGN(const bool again, attempt(api));
    if (!again) break;
    vain = reader_->offset() > before ? 0 : vain + 1;
    if (vain > kMaxVainAttempts)
      return failure(kUnreachable, api.server().url + " does not go on with the backup; try later");
    std::this_thread::sleep_for(pause_after(vain));
    reader_->resume();
  }
  progress_.reset();
  return {};
}

Outcome<bool> BackupDownload::attempt(ApiClient& api) {
  HttpRequest request;
  request.target = "/backup";
  if (const auto& head = reader_->head())
    request.target += "?from=" + to_text(head->id) + ":" + std::to_string(reader_->offset());
  request.on_body = [this](std::string_view bytes) { return take(bytes); };
  const Outcome<HttpAnswer> answer = api.send(request);
  if (own_failure_) return std::unexpected{*own_failure_};
  if (!answer && !reader_->head()) return std::unexpected{answer.error()};
  if (!answer) return true;
  if (answer->status != 200) return refused(*answer, api);
  if (answer->header("content-type") != "application/octet-stream")
    return std::unexpected{api.no_answer_of_ours()};
  if (reader_->finish()) return false;
  if (!answer->cut_off && reader_->offset() == 0) return std::unexpected{api.no_answer_of_ours()};
  return true;
}

Outcome<void> BackupDownload::take(std::string_view bytes) {
  const Result<void> pushed = reader_->push(bytes);
  if (!pushed && !own_failure_) {
    own_failure_ = Failure{
        kUnreachable, "what arrives is not the backup that was made: " + pushed.error().message};
  }
  if (own_failure_) return std::unexpected{*own_failure_};
  if (!progress_ && reader_->head())
    progress_.emplace(terminal_, name_, reader_->head()->bytes, Progress::kFetching);
  if (progress_) progress_->sent(reader_->offset());
  return {};
}

Outcome<bool> BackupDownload::refused(const HttpAnswer& answer, const ApiClient& api) {
  Failure why = failure_of(answer, api.server());
  if (!reader_->head()) return std::unexpected{std::move(why)};
  if (answer.status == 503) return true;
  if (answer.status != 404 || problem_code(answer) != "not-found")
    return std::unexpected{std::move(why)};
  terminal_.note("the server does not keep this backup any more: beginning anew");
  TRY(begin_anew());
  return true;
}

Outcome<void> BackupDownload::begin_anew() {
  if (reader_->offset() > 0 && !sink_.begin_anew) {
    return failure(kRefused,
                   "the server does not keep this backup any more, and a part of it is "
                   "written already");
  }
  reset();
  progress_.reset();
  return sink_.begin_anew ? sink_.begin_anew() : Outcome<void>{};
}

}  // namespace wasm_server::cli
