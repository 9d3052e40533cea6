#include "compile/worker/protocol.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/byte_codec.h"
#include "base/utf8.h"

namespace wasm_server {

namespace {

enum Kind : std::uint8_t { kSetup = 1, kTask = 2, kDone = 3, kFailed = 4, kReady = 5 };

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// What a reader is sure to take: one line, not too long, UTF-8.
std::string printable(std::string text) {
  if (!is_utf8(text)) return "a reason that is no text";
  std::ranges::replace_if(text, is_control, ' ');
  return std::string(utf8_prefix(text, kMaxReason));
}

template <class T>
T number(ByteReader& reader) {
  const std::uint64_t value = reader.varint();
  if (value > std::numeric_limits<T>::max()) reader.fail();
  return static_cast<T>(value);
}

bool flag(ByteReader& reader) {
  const std::uint8_t value = reader.u8();
  if (value > 1) reader.fail();
  return value == 1;
}

}  // namespace

std::string encode_setup(const WorkerSetup& setup) {
  std::string message;
  ByteWriter writer(message);
  writer.u8(kSetup);
  writer.u8(std::to_underlying(setup.work));
  writer.u8(setup.waited_for ? 1 : 0);
  writer.varint(setup.threads);
  writer.varint(setup.memory_bytes);
  writer.varint(setup.max_wasm_stack_bytes);
  writer.varint(setup.server);
  const ModuleBounds& bounds = setup.bounds;
  for (const std::uint32_t bound : {bounds.functions, bounds.types, bounds.element_segments,
                                    bounds.memories, bounds.tables, bounds.exported_values}) {
    writer.varint(bound);
  }
  return message;
}

std::optional<WorkerSetup> decode_setup(std::string_view message) {
  ByteReader reader(message);
  if (reader.u8() != kSetup) return std::nullopt;
  WorkerSetup setup;
  const std::uint8_t work = reader.u8();
  if (work > std::to_underlying(CompileWork::kInspect)) return std::nullopt;
  setup.work = static_cast<CompileWork>(work);
  setup.waited_for = flag(reader);
  setup.threads = number<unsigned>(reader);
  setup.memory_bytes = reader.varint();
  setup.max_wasm_stack_bytes = number<std::size_t>(reader);
  setup.server = number<std::uint32_t>(reader);
  ModuleBounds& bounds = setup.bounds;
  for (std::uint32_t* bound : {&bounds.functions, &bounds.types, &bounds.element_segments,
                               &bounds.memories, &bounds.tables, &bounds.exported_values}) {
    *bound = number<std::uint32_t>(reader);
  }
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return setup;
}

std::string encode_ready() { return {static_cast<char>(kReady)}; }

bool is_ready(std::string_view message) { return message == encode_ready(); }

std::string encode_task() { return {static_cast<char>(kTask)}; }

bool is_task(std::string_view message) { return message == encode_task(); }

std::string encode_done() { return {static_cast<char>(kDone)}; }

std::string encode_failed(const Error& error) {
  std::string message;
  ByteWriter writer(message);
  writer.u8(kFailed);
  writer.u8(static_cast<std::uint8_t>(error.code));
  writer.text(printable(error.message));
  return message;
}

std::optional<WorkerReply> decode_reply(std::string_view message) {
  if (message == encode_done()) return Done{};
  ByteReader reader(message);
  if (message.size() > kMaxMessage || reader.u8() != kFailed) return std::nullopt;
  const auto code = static_cast<ErrorCode>(reader.u8());
  const std::string_view reason = reader.text();
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  if (code != ErrorCode::kInvalidModule && code != ErrorCode::kMemoryLimit &&
      code != ErrorCode::kInternal) {
    return std::nullopt;
  }
  if (reason.size() > kMaxReason || !is_utf8(reason) || std::ranges::any_of(reason, is_control)) {
    return std::nullopt;
  }
  return Error{code, std::string(reason)};
}

}  // namespace wasm_server
