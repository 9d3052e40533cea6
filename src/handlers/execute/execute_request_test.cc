#include "handlers/execute/execute_request.h"

#include <deque>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

// What was parsed may be views into the request.
Result<ExecuteRequest> parse(std::string_view content_type, std::string body,
                             std::string_view query = {}) {
  static std::deque<Request> requests;
  Request& request = requests.emplace_back();
  request.method = Method::kPost;
  if (!content_type.empty()) request.headers.push_back({"Content-Type", content_type});
  request.query = query;
  request.body = std::move(body);
  WasmMetaData module;  // may have standard input, so that only the type counts
  ModuleInfo info;
  info.imports = {{"wasi_snapshot_preview1", "fd_read"}};
  module.info = std::move(info);
  return parse_execute_request(request, has_json(request, module));
}

Result<ExecuteRequest> parse_json(std::string body, std::string_view query = {}) {
  return parse("application/json", std::move(body), query);
}

ExecuteRequest good(const std::string& body, std::string_view query = {}) {
  auto parsed = parse_json(body, query);
  EXPECT_TRUE(parsed) << body << ": " << parsed.error().message;
  return parsed ? std::move(*parsed) : ExecuteRequest{};
}

std::string error_of(std::string body, std::string_view query = {}) {
  const auto parsed = parse_json(std::move(body), query);
  if (parsed) return "none";
  EXPECT_EQ(parsed.error().code, ErrorCode::kBadRequest);
  return parsed.error().message;
}

std::string show(JsonValue value) {
  if (value.kind() == JsonKind::kNumber) return "number " + std::string(value.text());
  if (value.kind() == JsonKind::kString) return "string " + std::string(value.text());
  return std::string(with_article(value.kind()));
}

std::vector<std::string> positional(const ExecuteRequest& request) {
  std::vector<std::string> shown;
  if (!request.arguments) return shown;
  EXPECT_EQ(request.arguments->kind(), JsonKind::kArray);
  for (const JsonValue argument : *request.arguments) shown.push_back(show(argument));
  return shown;
}

std::vector<std::string> named(const ExecuteRequest& request) {
  std::vector<std::string> shown;
  EXPECT_EQ(request.arguments->kind(), JsonKind::kObject);
  for (const JsonValue argument : *request.arguments) {
    shown.push_back(std::string(argument.name()) + '=' + show(argument));
  }
  return shown;
}

TEST(ExecuteRequest, ReadsAllFieldsOfAnObject) {
  const auto request = good(
      R"({"function": "add", "args": [2, 40], "env": {"A": "1", "B": ""}, "stdin": "in\u00fc\n"})");
  EXPECT_EQ(request.function, "add");
  EXPECT_TRUE(request.arguments);
  EXPECT_THAT(positional(request), ElementsAre("number 2", "number 40"));
  EXPECT_THAT(request.env, ElementsAre(Pair("A", "1"), Pair("B", "")));
  EXPECT_EQ(request.stdin_bytes, "in\xC3\xBC\n");
}

TEST(ExecuteRequest, KeepsNumbersAsTheyAreWritten) {
  const auto request = good(R"([18446744073709551615, -0, 1e999, 0.10000000000000000000000000001,
                                123456789012345678901234567890, -0.0e-5])");
  EXPECT_THAT(positional(request),
              ElementsAre("number 18446744073709551615", "number -0", "number 1e999",
                          "number 0.10000000000000000000000000001",
                          "number 123456789012345678901234567890", "number -0.0e-5"));
}

TEST(ExecuteRequest, ReadsAnArrayAsArguments) {
  const auto request = good(R"([1, "x\ty", null, true])");
  EXPECT_FALSE(request.function);
  EXPECT_THAT(positional(request), ElementsAre("number 1", "string x\ty", "null", "a boolean"));
  EXPECT_TRUE(good("[]").arguments);
}

TEST(ExecuteRequest, ReadsArgumentsOfAnyDepth) {
  const auto request = good(R"([[1, [2]], {"a": [{"b": "c"}]}])");
  EXPECT_THAT(positional(request), ElementsAre("an array", "an object"));
  const JsonValue second = *std::next(request.arguments->begin());
  const JsonValue inner = *(*second.begin()).begin();
  EXPECT_EQ((*inner.begin()).name(), "b");
  EXPECT_EQ((*inner.begin()).text(), "c");
}

TEST(ExecuteRequest, KeepsALongBodyItself) {
  auto body = std::make_shared<const Bytes>(R"(["text", "\u0041"])");
  const auto request = parse_execute_json(std::move(body));
  ASSERT_TRUE(request);
  EXPECT_THAT(positional(*request), ElementsAre("string text", "string A"));
}

TEST(ExecuteRequest, ReadsArgumentsByName) {
  const auto request = good(R"({"args": {"a": 2, "b\u0020": "NaN"}})");
  EXPECT_TRUE(request.arguments);
  EXPECT_THAT(named(request), ElementsAre("a=number 2", "b =string NaN"));
  EXPECT_TRUE(good(R"({"args": {}})").arguments);
}

TEST(ExecuteRequest, ReadsArgumentsBehindOtherFields) {
  const auto request = good(R"({"env": {}, "args": {"a": 1}, "function": "f"})");
  EXPECT_THAT(named(request), ElementsAre("a=number 1"));
  EXPECT_EQ(request.function, "f");
}

TEST(ExecuteRequest, TakesAnEmptyJsonBodyAsNoArguments) {
  const auto request = good("");
  EXPECT_FALSE(request.arguments);
  EXPECT_THAT(positional(request), IsEmpty());
  EXPECT_FALSE(good("{}").arguments);
}

TEST(ExecuteRequest, DecodesStdinFromBase64) {
  EXPECT_EQ(good(R"({"stdin_base64": "AP8="})").stdin_bytes, std::string("\0\xFF", 2));
  EXPECT_EQ(error_of(R"({"stdin_base64": "AP8"})"), "stdin_base64 is not base64");
  EXPECT_EQ(error_of(R"({"stdin": "", "stdin_base64": ""})"),
            "stdin and stdin_base64 exclude each other");
}

TEST(ExecuteRequest, JoinsLongStringsWithEscapes) {
  const std::string plain(100'000, 'x');
  EXPECT_EQ(good(R"({"stdin": ")" + plain + "\\n" + plain + R"("})").stdin_bytes,
            plain + '\n' + plain);
}

TEST(ExecuteRequest, NamesTheFieldOfAWrongType) {
  EXPECT_EQ(error_of(R"({"function": 1})"), "function must be a string, not a number");
  EXPECT_EQ(error_of(R"({"function": null})"), "function must be a string, not null");
  EXPECT_EQ(error_of(R"({"args": "x"})"), "args must be an array or an object, not a string");
  EXPECT_EQ(error_of(R"({"args": 1})"), "args must be an array or an object, not a number");
  EXPECT_EQ(error_of(R"({"env": []})"), "env must be an object, not an array");
  EXPECT_EQ(error_of(R"({"env": "x"})"), "env must be an object, not a string");
  EXPECT_EQ(error_of(R"({"env": {"A": 1}})"), R"(env."A" must be a string, not a number)");
  EXPECT_EQ(error_of(R"({"stdin": ["x"]})"), "stdin must be a string, not an array");
  EXPECT_EQ(error_of(R"({"stdin": {}})"), "stdin must be a string, not an object");
  EXPECT_EQ(error_of(R"({"stdin_base64": true})"), "stdin_base64 must be a string, not a boolean");
  EXPECT_EQ(error_of("1"), "the body must be an object or an array, not a number");
  EXPECT_EQ(error_of("\"x\""), "the body must be an object or an array, not a string");
  EXPECT_EQ(error_of("null"), "the body must be an object or an array, not null");
}

TEST(ExecuteRequest, RefusesUnknownFieldsAndDuplicates) {
  EXPECT_EQ(error_of(R"({"fuction": "add"})"), R"(unknown field "fuction")");
  EXPECT_EQ(error_of(R"({"": 1})"), R"(unknown field "")");
  EXPECT_THAT(error_of(R"({"function": "a", "function": "a"})"), EndsWith(" twice"));
  EXPECT_THAT(error_of(R"({"args": [], "args": []})"), EndsWith("the name \"args\" stands twice"));
  EXPECT_THAT(error_of(R"({"args": {"a": 1, "b": 2, "a": 1}})"), EndsWith(" twice"));
  EXPECT_THAT(error_of(R"({"env": {"A": "1", "\u0041": "1"}})"), EndsWith(" twice"));
  EXPECT_LT(error_of("{\"" + std::string(10'000, 'k') + "\": 1}").size(), 100U);
}

TEST(ExecuteRequest, SaysAtWhichByteJsonIsMalformed) {
  EXPECT_THAT(error_of("{\"args\": [1,]}"), StartsWith("malformed JSON at byte 12: "));
  EXPECT_THAT(error_of("[1] x"), StartsWith("malformed JSON at byte 4: "));
  EXPECT_THAT(error_of("[1"), StartsWith("malformed JSON at byte 2: "));
  for (const char* body : {" ", "{", "[01]", "[1.]", "[+1]", "[NaN]", "[\"\xFF\"]", "[\"\\ud800\"]",
                           "{1: 2}", "[1}", "// x\n[]", "[\"\n\"]", "[tru]", "[] []"}) {
    EXPECT_THAT(error_of(body), StartsWith("malformed JSON at byte ")) << body;
  }
}

TEST(ExecuteRequest, BoundsDepthAndSize) {
  EXPECT_NE(error_of(std::string(100'000, '[')), "none");
  std::string many = "[1";
  for (std::size_t i = 1; i < kMaxExecuteItems; ++i) many += ",1";
  EXPECT_EQ(error_of(many + "]"), "none");
  EXPECT_THAT(error_of(many + ",1]"), EndsWith("more than 16384 items"));
  std::string query = "arg=";
  for (std::size_t i = 0; i < kMaxExecuteItems; ++i) query += "&arg";
  EXPECT_THAT(error_of("", query), HasSubstr("too many"));
}

TEST(ExecuteRequest, ChecksVariables) {
  EXPECT_EQ(error_of(R"({"env": {"": "x"}})"), "env: a variable without a name");
  EXPECT_EQ(error_of(R"({"env": {"A=B": "x"}})"), "env: a variable's name contains '='");
  EXPECT_EQ(error_of(R"({"env": {"A": "\u0000"}})"), "env: a variable contains a NUL");
  EXPECT_EQ(error_of(R"({"env": {"A\u0000": ""}})"), "env: a variable contains a NUL");
}

TEST(ExecuteRequest, TakesAnyOtherBodyAsStandardInput) {
  for (const char* type : {"", "text/plain", "application/octet-stream", "application/jsonl"}) {
    const auto request = parse(type, "{\xFF", "function=f&arg=1&arg=x&env=A%3D1&env=B=a=b");
    ASSERT_TRUE(request) << type;
    EXPECT_EQ(request->stdin_bytes, "{\xFF");
    EXPECT_EQ(request->function, "f");
    EXPECT_THAT(positional(*request), ElementsAre("number 1", "string x"));
    EXPECT_THAT(request->env, ElementsAre(Pair("A", "1"), Pair("B", "a=b")));
  }
}

TEST(ExecuteRequest, KnowsJsonByItsMediaType) {
  for (const char* type :
       {"application/json; charset=utf-8", "Application/JSON", "application/json;x=y"}) {
    const auto request = parse(type, "[1]");
    ASSERT_TRUE(request) << type;
    EXPECT_THAT(positional(*request), ElementsAre("number 1")) << type;
  }
}

TEST(ExecuteRequest, PutsTheQueryBehindTheBody) {
  const auto body_wins = good(R"({"function": "f", "args": [], "env": {"A": "body"}})",
                              "function=g&arg=1&env=A=q&env=B=q");
  EXPECT_EQ(body_wins.function, "f");
  EXPECT_THAT(positional(body_wins), IsEmpty());
  EXPECT_THAT(body_wins.env, ElementsAre(Pair("A", "body"), Pair("B", "q")));
  const auto query_fills = good("{}", "function=g&arg=1");
  EXPECT_EQ(query_fills.function, "g");
  EXPECT_TRUE(query_fills.arguments);
  EXPECT_THAT(positional(query_fills), ElementsAre("number 1"));
}

bool is_json(ModuleKind kind, std::vector<ImportInfo> imports, std::string_view type) {
  WasmMetaData module;
  ModuleInfo info;
  info.kind = kind;
  info.imports = std::move(imports);
  module.info = std::move(info);
  Request request;
  request.body = "[1]";
  if (!type.empty()) request.headers.push_back({"Content-Type", type});
  return has_json(request, module);
}

TEST(ExecuteRequest, IsJsonWithoutSayingSoWhereThereIsNoStandardInput) {
  const std::string wasi = "wasi_snapshot_preview1";
  const std::vector<ImportInfo> reads = {{"env", "x"}, {wasi, "fd_read"}};
  const std::vector<ImportInfo> writes = {{wasi, "fd_write"}, {"env", "fd_read"}};
  const std::vector<ImportInfo> sleeps = {{wasi, "poll_oneoff"}};
  for (const char* type : {"", "application/x-www-form-urlencoded"}) {
    EXPECT_TRUE(is_json(ModuleKind::kModule, {}, type));
    EXPECT_TRUE(is_json(ModuleKind::kModule, writes, type));
    EXPECT_FALSE(is_json(ModuleKind::kModule, reads, type));
    EXPECT_FALSE(is_json(ModuleKind::kCommand, reads, type));
    EXPECT_FALSE(is_json(ModuleKind::kCommand, writes, type));
    EXPECT_TRUE(is_json(ModuleKind::kCommand, sleeps, type));
  }
  for (const char* type : {"text/plain", "application/octet-stream"}) {
    EXPECT_FALSE(is_json(ModuleKind::kModule, {}, type));
  }
  EXPECT_TRUE(is_json(ModuleKind::kCommand, reads, "Application/JSON; charset=utf-8"));
}

TEST(ExecuteRequest, RefusesBadVariablesInTheQuery) {
  EXPECT_EQ(error_of("", "env=A"), "query parameter \"env\" must be NAME=VALUE");
  EXPECT_EQ(error_of("", "env==x"), "query parameter \"env\": a variable without a name");
  EXPECT_EQ(error_of("", "env=A=%00"), "query parameter \"env\": a variable contains a NUL");
  EXPECT_EQ(error_of("", "env=A=1&env=A=1"), "query parameter \"env\": a variable is given twice");
}

std::string command_args_error(const ExecuteRequest& request) {
  const auto args = to_command_args(request.arguments);
  return args ? "none" : args.error().message;
}

TEST(CommandArgs, AreTextsAndNumbersAsWritten) {
  const auto request = good(R"(["-c", "ü", 1.50])");
  const auto args = to_command_args(request.arguments);
  ASSERT_TRUE(args);
  EXPECT_THAT(*args, ElementsAre("-c", "ü", "1.50"));
}

TEST(CommandArgs, RefuseWhatNoProcessCouldGet) {
  EXPECT_EQ(command_args_error(good(R"(["a", null])")), "args[1] must be a string");
  EXPECT_EQ(command_args_error(good(R"([["a"]])")), "args[0] must be a string");
  EXPECT_EQ(command_args_error(good(R"(["a\u0000"])")), "args[0] contains a NUL");
  EXPECT_EQ(command_args_error(good(R"({"args": {"a": "b"}})")),
            "a command takes its args as an array of strings");
}

}  // namespace
}  // namespace wasm_server
