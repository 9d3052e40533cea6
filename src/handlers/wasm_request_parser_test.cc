#include "handlers/wasm_request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;
using testing_engine::engine;

WriteInput post(std::string_view type, Bytes body) {
  WriteInput input;
  input.content_type = type;
  input.body = std::move(body);
  return input;
}

WriteInput put(std::string_view type, Bytes body) {
  WriteInput input = post(type, std::move(body));
  input.job_type = JobType::MODIFY;
  input.path_id = "x";
  return input;
}

Error failure(WriteInput input) {
  const auto request = parse_wasm_request(std::move(input), engine());
  return request ? Error{ErrorCode::kInternal, "accepted"} : request.error();
}

TEST(WasmRequestParser, TakesABinaryAsItIs) {
  const auto request = parse_wasm_request(post("application/wasm", "any bytes"), engine());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->wasm, "any bytes");
  EXPECT_FALSE(request->id);
}

TEST(WasmRequestParser, CompilesText) {
  for (const char* type : {"text/wat", "application/wat", "Text/WAT; charset=utf-8"}) {
    const auto request = parse_wasm_request(post(type, "(module)"), engine());
    ASSERT_TRUE(request) << type;
    EXPECT_EQ(request->wasm, Bytes("\0asm\1\0\0\0", 8));
  }
  const Error error = failure(post("text/wat", "(module\n  (func oops))"));
  EXPECT_EQ(error.code, ErrorCode::kInvalidModule);
  EXPECT_THAT(error.message, HasSubstr("2"));  // the line
}

TEST(WasmRequestParser, TakesTextUpToItsBound) {
  const std::string module = "(module)";
  Bytes text = module + Bytes(kMaxTextBytes - module.size(), ' ');
  EXPECT_TRUE(parse_wasm_request(post("text/wat", text), engine()));
  text += ' ';
  for (const auto& input : {post, put}) {
    const Error error = failure(input("text/wat", text));
    EXPECT_EQ(error.code, ErrorCode::kPayloadTooLarge);
    EXPECT_THAT(error.message, HasSubstr("8388608"));
  }
  EXPECT_TRUE(parse_wasm_request(post("application/wasm", text), engine()));
}

TEST(WasmRequestParser, PutsTheQueryBehindTheBody) {
  WriteInput input = post("application/json", R"({"wasm":"","function":"body"})");
  input.query_id = "query";
  input.query_function = "query";
  const auto request = parse_wasm_request(std::move(input), engine());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->function, "body");
  EXPECT_EQ(request->id, "query");
}

TEST(WasmRequestParser, SaysWhichTypesItTakes) {
  for (const char* type :
       {"", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}) {
    const Error error = failure(post(type, "x"));
    EXPECT_EQ(error.code, ErrorCode::kUnsupportedMediaType) << type;
    EXPECT_THAT(error.message, HasSubstr("application/wasm, text/wat or application/json"));
  }
}

TEST(WasmRequestParser, TakesNoContentEncoding) {
  WriteInput input = post("application/wasm", "x");
  input.content_encoding = "gzip";
  EXPECT_EQ(failure(std::move(input)).code, ErrorCode::kUnsupportedMediaType);
}

TEST(WasmRequestParser, AsksAPostForItsCode) {
  EXPECT_THAT(failure(post("application/json", "{}")).message, HasSubstr("wasm is missing"));
  EXPECT_EQ(failure(post("", "")).code, ErrorCode::kUnsupportedMediaType);
}

TEST(WasmRequestParser, TakesAPutOfOnlyAQuery) {
  WriteInput input = put("", "");
  input.query_function = "f";
  const auto request = parse_wasm_request(std::move(input), engine());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->function, "f");
  EXPECT_EQ(request->id, "x");
  EXPECT_FALSE(request->wasm);
  EXPECT_EQ(failure(put("", "")).code, ErrorCode::kUnsupportedMediaType);
}

TEST(WasmRequestParser, TakesARevisionInAPutAlone) {
  const auto request = parse_wasm_request(put("application/json", R"({"revision":2})"), engine());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->revision, 2U);
  EXPECT_THAT(failure(put("application/json", R"({"revision":0})")).message, HasSubstr("revision"));
  EXPECT_THAT(failure(put("application/json", R"({"revision":1,"wasm":""})")).message,
              HasSubstr("exclude"));
  EXPECT_THAT(failure(post("application/json", R"({"revision":1,"wasm":""})")).message,
              HasSubstr("PUT only"));
}

TEST(WasmRequestParser, RefusesAnIdThatIsNotThePaths) {
  EXPECT_TRUE(parse_wasm_request(put("application/json", R"({"id":"x"})"), engine()));
  EXPECT_EQ(failure(put("application/json", R"({"id":"y"})")).code, ErrorCode::kBadRequest);
}

TEST(WasmRequestParser, ChecksBoundsOfEveryBodyType) {
  WriteInput input = post("application/wasm", "x");
  input.query_id = "not an id";
  EXPECT_THAT(failure(std::move(input)).message, HasSubstr("id must be"));
}

}  // namespace
}  // namespace wasm_server
