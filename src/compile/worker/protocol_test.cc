#include "compile/worker/protocol.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

WorkerSetup some_setup() {
  return {.work = CompileWork::kInspect,
          .waited_for = true,
          .threads = 3,
          .memory_bytes = 1ULL << 40,
          .max_wasm_stack_bytes = 70'000,
          .server = 4'000'000,
          .bounds = {.functions = 1,
                     .types = 2,
                     .element_segments = 3,
                     .memories = 4,
                     .tables = 5,
                     .exported_values = 6}};
}

TEST(WorkerProtocol, KeepsASetup) {
  EXPECT_EQ(decode_setup(encode_setup(some_setup())), some_setup());
  EXPECT_EQ(decode_setup(encode_setup({})), WorkerSetup{});
}

TEST(WorkerProtocol, TakesNoPartOfASetupAndNothingBehindIt) {
  const auto message = encode_setup(some_setup());
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_EQ(decode_setup(message.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(decode_setup(message + '\0'), std::nullopt);
}

TEST(WorkerProtocol, TellsTheMessagesApart) {
  EXPECT_TRUE(is_task(encode_task()));
  EXPECT_TRUE(is_ready(encode_ready()));
  EXPECT_FALSE(is_task(encode_ready()));
  EXPECT_FALSE(is_ready(encode_done()));
  EXPECT_EQ(decode_reply(encode_ready()), std::nullopt);
  EXPECT_EQ(decode_reply(encode_task()), std::nullopt);
  EXPECT_EQ(decode_reply(""), std::nullopt);
}

TEST(WorkerProtocol, KeepsAReply) {
  EXPECT_TRUE(std::holds_alternative<Done>(decode_reply(encode_done()).value()));
  const auto failed = decode_reply(encode_failed({ErrorCode::kMemoryLimit, "too large: \xc3\xa4"}));
  const auto& error = std::get<Error>(failed.value());
  EXPECT_EQ(error.code, ErrorCode::kMemoryLimit);
  EXPECT_EQ(error.message, "too large: \xc3\xa4");
}

TEST(WorkerProtocol, SendsReasonsThatAreTaken) {
  for (const std::string& reason :
       {std::string(kMaxReason * 2, 'x'), std::string("two\nlines\x7f"), std::string("\xff\xfe"),
        std::string(kMaxReason - 1, 'x') + "\xc3\xa4", std::string()}) {
    const auto message = encode_failed({ErrorCode::kInvalidModule, reason});
    EXPECT_LE(message.size(), kMaxMessage);
    EXPECT_TRUE(decode_reply(message)) << reason.size();
  }
}

TEST(WorkerProtocol, TakesNoReasonThatAClientMayNotSee) {
  const auto with = [](std::uint8_t code, const std::string& reason) {
    return std::string("\4") + static_cast<char>(code) + static_cast<char>(reason.size()) + reason;
  };
  const auto good = static_cast<std::uint8_t>(ErrorCode::kInvalidModule);
  EXPECT_TRUE(decode_reply(with(good, "fine")));
  EXPECT_EQ(decode_reply(with(good, "a\nb")), std::nullopt);
  EXPECT_EQ(decode_reply(with(good, "\xff")), std::nullopt);
  EXPECT_EQ(decode_reply(with(good, "fine") + "more"), std::nullopt);
  EXPECT_EQ(decode_reply(with(200, "fine")), std::nullopt);
  const auto not_its_own = static_cast<std::uint8_t>(ErrorCode::kNotFound);
  EXPECT_EQ(decode_reply(with(not_its_own, "fine")), std::nullopt);
}

}  // namespace
}  // namespace wasm_server
