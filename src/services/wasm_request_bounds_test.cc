#include "services/wasm_request_bounds.h"

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::HasSubstr;
using Args = std::vector<std::string>;
using Params = std::vector<ParamName>;

std::string why(const WasmRequest& request) {
  const auto checked = check_bounds(request);
  if (checked) return "accepted";
  EXPECT_EQ(checked.error().code, ErrorCode::kBadRequest);
  return checked.error().message;
}

// Why a request is refused that has only this field.
template <class T>
std::string why(std::optional<T> WasmRequest::* field, const std::type_identity_t<T>& value) {
  WasmRequest request;
  request.*field = value;
  return why(request);
}

StringMap entries(std::size_t count) {
  StringMap map;
  for (std::size_t i = 0; i < count; ++i) map["k" + std::to_string(i)] = "v";
  return map;
}

TEST(WasmRequestBounds, TakeWhatIsAtTheBound) {
  WasmRequest request;
  request.id = std::string(128, 'a');
  request.function = std::string(kMaxFunctionNameBytes, 'f');
  request.labels = entries(kMaxLabels - 1);
  (*request.labels)[std::string(kMaxLabelKeyBytes, 'k')] = std::string(kMaxLabelValueBytes, 'v');
  request.env = {{"K", std::string(kMaxEnvBytes - 1, 'v')}};
  request.args = Args{std::string(kMaxArgsBytes, 'a')};
  request.param = Params{{std::string(kMaxParamNameBytes, 'p'), {}}};
  EXPECT_EQ(why(request), "accepted");
}

TEST(WasmRequestBounds, NameWhatIsBeyond) {
  EXPECT_THAT(why(&WasmRequest::id, std::string(129, 'a')), HasSubstr("id must be"));
  EXPECT_THAT(why(&WasmRequest::id, ""), HasSubstr("id must be"));
  EXPECT_THAT(why(&WasmRequest::id, "a/b"), HasSubstr("id must be"));
  EXPECT_THAT(why(&WasmRequest::function, std::string(kMaxFunctionNameBytes + 1, 'f')),
              HasSubstr("function"));
  EXPECT_THAT(why(&WasmRequest::labels, entries(kMaxLabels + 1)), HasSubstr("labels"));
  EXPECT_THAT(why(&WasmRequest::labels, StringMap{{std::string(kMaxLabelKeyBytes + 1, 'k'), ""}}),
              HasSubstr("key of a label"));
  EXPECT_THAT(
      why(&WasmRequest::labels, StringMap{{"k", std::string(kMaxLabelValueBytes + 1, 'v')}}),
      HasSubstr("labels.k"));
  EXPECT_THAT(why(&WasmRequest::env, entries(kMaxEnv + 1)), HasSubstr("env"));
  EXPECT_THAT(why(&WasmRequest::env, StringMap{{"K", std::string(kMaxEnvBytes, 'v')}}),
              HasSubstr("env"));
  EXPECT_THAT(why(&WasmRequest::args, std::vector<std::string>(kMaxArgs + 1)), HasSubstr("args"));
  EXPECT_THAT(why(&WasmRequest::args, Args{std::string(kMaxArgsBytes + 1, 'a')}),
              HasSubstr("args"));
  EXPECT_THAT(why(&WasmRequest::param, Params{{std::string(kMaxParamNameBytes + 1, 'p'), {}}}),
              HasSubstr("param"));
}

TEST(WasmRequestBounds, KeepOutWhatAGuestOrAQueryCouldNotTell) {
  EXPECT_THAT(why(&WasmRequest::labels, StringMap{{"", "v"}}), HasSubstr("label"));
  EXPECT_THAT(why(&WasmRequest::labels, StringMap{{"a=b", "v"}}), HasSubstr("label"));
  EXPECT_THAT(why(&WasmRequest::env, StringMap{{"A=B", "v"}}), HasSubstr("env"));
  EXPECT_THAT(why(&WasmRequest::env, StringMap{{"A", std::string("a\0b", 3)}}), HasSubstr("NUL"));
  EXPECT_THAT(why(&WasmRequest::args, Args{std::string("a\0b", 3)}), HasSubstr("NUL"));
  EXPECT_THAT(why(&WasmRequest::param, Params{{"a", {}}, {"a", {}}}), HasSubstr("two params"));
  EXPECT_THAT(why(&WasmRequest::param, Params{{"", {}}}), HasSubstr("empty"));
}

TEST(WasmRequestBounds, OutputTypesAreMediaTypes) {
  EXPECT_EQ(why(&WasmRequest::output_types, Args{"text/html", "image/svg+xml"}), "accepted");
  for (const char* bad : {"", "text", "text/", "/html", "text/html; charset=utf-8", "Text/html",
                          "text/*", "text/html\r\n", "a/b/c"}) {
    EXPECT_THAT(why(&WasmRequest::output_types, Args{bad}), HasSubstr("output_types")) << bad;
  }
  EXPECT_THAT(why(&WasmRequest::output_types, Args(kMaxOutputTypes + 1, "a/b")),
              HasSubstr("output_types"));
  EXPECT_THAT(why(&WasmRequest::output_types, Args{"a/" + std::string(kMaxOutputTypeBytes, 'b')}),
              HasSubstr("output_types"));
}

TEST(WasmRequestBounds, EgressNamesHosts) {
  EXPECT_EQ(why(&WasmRequest::egress, Args{"api.example.org:443", "*.example.net", "[::1]:80"}),
            "accepted");
  EXPECT_EQ(why(&WasmRequest::egress, Args{}), "accepted");
  for (const char* bad :
       {"", "*", "*:80", "https://a.b", "a.b/c", "a@b", "a.b:", "a.b:0", "a.b:65536", "*.*.b",
        "a b", "0x7f.1", "2130706433", "a.b.", "\u00e4.b"}) {
    EXPECT_THAT(why(&WasmRequest::egress, Args{bad}), HasSubstr("egress")) << bad;
  }
  EXPECT_THAT(why(&WasmRequest::egress, Args(kMaxEgress + 1, "a.b")), HasSubstr("64 entries"));
  EXPECT_THAT(why(&WasmRequest::egress, Args{std::string(kMaxEgressBytes + 1, 'b')}),
              HasSubstr("255 bytes"));
}

}  // namespace
}  // namespace wasm_server
