#include "logging.h"

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "base/json_text.h"
#include "base/line_writer.h"
#include "base/time.h"

namespace wasm_server {
namespace {

// Some ten thousand lines.
constexpr std::size_t kQueueBytes = 1U << 20;
constexpr std::chrono::milliseconds kLastLines{1000};

std::string text_line(UnixMillis time, std::string_view level, std::string_view message) {
  std::string line;
  append_rfc3339(line, time);
  return line.append(" ").append(level).append(" ").append(message).append("\n");
}

// `members`: of the object, beside those that every line has.
std::string json_line(UnixMillis time, std::string_view level, std::string_view members) {
  std::string line = "{\"time\":\"";
  append_rfc3339(line, time);
  return line.append("\",\"level\":\"").append(level).append("\",").append(members).append("}\n");
}

std::string message_member(std::string_view message) {
  std::string member = "\"message\":";
  append_json_string(member, message);
  return member;
}

std::string line_of(LogFormat format, UnixMillis time, std::string_view level,
                    std::string_view message) {
  return format == LogFormat::kText ? text_line(time, level, message)
                                    : json_line(time, level, message_member(message));
}

// Lines by a LineWriter.
class QueueSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit QueueSink(LogFormat format)
      : format_(format), writer_(STDERR_FILENO, kQueueBytes, [format](std::uint64_t lost) {
          return line_of(format, unix_millis(std::chrono::system_clock::now()), "warning",
                         std::to_string(lost) + " lines of this log were lost: nobody read it");
        }) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const UnixMillis time = unix_millis(message.time);
    const auto name = spdlog::level::to_string_view(message.level);
    const std::string_view level(name.data(), name.size());
    const std::string_view payload(message.payload.data(), message.payload.size());
    const std::string_view logger(message.logger_name.data(), message.logger_name.size());
    writer_.push(logger == kEventLogger ? json_line(time, level, payload)
                                        : line_of(format_, time, level, payload));
  }
  void flush_() override { writer_.flush(kLastLines); }

 private:
  const LogFormat format_;
  LineWriter writer_;
};

[[noreturn]] void on_terminate() {
  flush_log();
  std::abort();
}

}  // namespace

void set_up_logging(const std::string& level, LogFormat format) {
  const auto sink = std::make_shared<QueueSink>(format);
  auto logger = std::make_shared<spdlog::logger>("wasm-server", sink);
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
  spdlog::register_logger(std::make_shared<spdlog::logger>(std::string(kEventLogger), sink));
  set_log_format(format);
  std::set_terminate(on_terminate);
}

void set_log_level(const std::string& level) {
  spdlog::default_logger()->set_level(spdlog::level::from_str(level));
  spdlog::get(std::string(kEventLogger))->set_level(spdlog::level::from_str(level));
}

void flush_log() { spdlog::default_logger()->flush(); }

}  // namespace wasm_server
