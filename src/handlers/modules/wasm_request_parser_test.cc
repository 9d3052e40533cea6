#include "handlers/modules/wasm_request_parser.h"

#include <future>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::HasSubstr;

// A request whose texts are literals.
Request request_of(Method method, std::string_view type, Bytes body, std::string_view query = {}) {
  Request request;
  request.method = method;
  request.query = query;
  request.body = std::move(body);
  if (!type.empty()) request.headers.push_back({"Content-Type", type});
  if (method == Method::kPut) request.id = "x";
  return request;
}

Request post(std::string_view type, Bytes body, std::string_view query = {}) {
  return request_of(Method::kPost, type, std::move(body), query);
}

Request put(std::string_view type, Bytes body, std::string_view query = {}) {
  return request_of(Method::kPut, type, std::move(body), query);
}

class WasmRequestParser : public testing::Test {
 protected:
  Result<WasmRequest> parse(Request request) {
    asio::io_context loop(1);
    auto parsed = asio::co_spawn(loop, read_wasm_request(helpers_, request), asio::use_future);
    loop.run();
    return parsed.get();
  }

  Error failure(Request request) {
    const auto parsed = parse(std::move(request));
    return parsed ? Error{ErrorCode::kInternal, "accepted"} : parsed.error();
  }

  HelperPool helpers_{1, 1};
};

TEST_F(WasmRequestParser, TakesABinaryOrATextAsItIs) {
  const auto binary = parse(post("application/wasm", "any bytes"));
  ASSERT_TRUE(binary);
  EXPECT_EQ(binary->wasm, "any bytes");
  EXPECT_FALSE(binary->text);
  EXPECT_FALSE(binary->id);
  for (const char* type : {"text/wat", "application/wat", "Text/WAT; charset=utf-8"}) {
    const auto text = parse(post(type, "(module)"));
    ASSERT_TRUE(text) << type;
    EXPECT_EQ(text->text, "(module)");
    EXPECT_FALSE(text->wasm);
  }
}

TEST_F(WasmRequestParser, PutsTheQueryBehindTheBody) {
  const auto request = parse(
      post("application/json", R"({"wasm":"","function":"body"})", "id=query&function=query"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->function, "body");
  EXPECT_EQ(request->id, "query");
}

TEST_F(WasmRequestParser, ParsesLongJsonOnAnotherThread) {
  const std::string body = R"({"wasm":"AAAA"})" + std::string(100'000, ' ');
  EXPECT_EQ(parse(post("application/json", body))->wasm, Bytes(3, '\0'));
  EXPECT_EQ(failure(post("application/json", body + "x")).code, ErrorCode::kBadRequest);
  helpers_.stop();
  EXPECT_EQ(failure(post("application/json", body)).code, ErrorCode::kOverloaded);
  EXPECT_TRUE(parse(post("application/wasm", body)));
}

TEST_F(WasmRequestParser, SaysWhichTypesItTakes) {
  for (const char* type :
       {"", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}) {
    const Error error = failure(post(type, "x"));
    EXPECT_EQ(error.code, ErrorCode::kUnsupportedMediaType) << type;
    EXPECT_THAT(error.message, HasSubstr("application/wasm, text/wat or application/json"));
  }
}

TEST_F(WasmRequestParser, TakesWhatBeginsAsAModuleWithoutAType) {
  const Bytes module("\0asm and more", 13);
  for (const char* type :
       {"", "application/octet-stream", "application/x-www-form-urlencoded; charset=utf-8"}) {
    EXPECT_EQ(parse(post(type, module))->wasm, module) << type;
    EXPECT_EQ(parse(put(type, module, "function=f"))->wasm, module) << type;
  }
  EXPECT_EQ(failure(post("text/plain", module)).code, ErrorCode::kUnsupportedMediaType);
}

TEST_F(WasmRequestParser, SaysWhatABodyWithoutATypeSeemsToBe) {
  EXPECT_THAT(failure(post("", "(module)")).message, HasSubstr("text/wat"));
  EXPECT_THAT(failure(post("application/octet-stream", "\x1f\x8b")).message, HasSubstr("gzip"));
  EXPECT_THAT(failure(post("application/x-www-form-urlencoded", "AGFzbQEAAAA=")).message,
              HasSubstr("base64"));
}

TEST_F(WasmRequestParser, TakesAPutOfOnlyAQuery) {
  const auto request = parse(put("", "", "function=f"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->function, "f");
  EXPECT_EQ(request->id, "x");
  EXPECT_FALSE(request->wasm);
  EXPECT_EQ(failure(put("", "")).code, ErrorCode::kUnsupportedMediaType);
  EXPECT_EQ(failure(post("", "", "function=f")).code, ErrorCode::kUnsupportedMediaType);
}

TEST_F(WasmRequestParser, RefusesAnIdThatIsNotThePaths) {
  EXPECT_EQ(parse(put("application/json", R"({"id":"x"})"))->id, "x");
  EXPECT_EQ(failure(put("application/json", R"({"id":"y"})")).code, ErrorCode::kBadRequest);
}

TEST_F(WasmRequestParser, TakesThePreconditionsAlong) {
  Request request = put("application/json", "{}");
  request.headers.push_back({"If-Match", "\"tagj\""});  // of the form j
  EXPECT_EQ(parse(request)->preconditions.if_match, std::vector<std::string>{"tag"});
  request.headers.back().value = "tag";
  EXPECT_EQ(failure(std::move(request)).code, ErrorCode::kBadRequest);
}

}  // namespace
}  // namespace wasm_server
