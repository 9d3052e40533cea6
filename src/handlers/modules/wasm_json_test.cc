#include "handlers/modules/wasm_json.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

namespace json = boost::json;

WasmMetaData example() {
  WasmMetaData meta_data;
  meta_data.id = "add";
  meta_data.revision = 3;
  meta_data.digest.bytes.fill(0x9f);
  meta_data.size = 69;
  meta_data.run_function = "add";
  meta_data.param = {{"a", ValueType::kI32}, {"b\"", ValueType::kF64}};
  meta_data.result = {ValueType::kV128};
  ModuleInfo info;
  info.kind = ModuleKind::kCommand;
  info.functions = {{"add", {{"p0", ValueType::kI32}}, {ValueType::kExternref}}, {"", {}, {}}};
  info.imports = {{"wasi_snapshot_preview1", "fd_write"}};
  meta_data.info = info;
  meta_data.labels = {{"team", "maths"}};
  meta_data.args = {"-v"};
  meta_data.env = {{"A", "1"}, {"B", "\n"}};
  meta_data.output_types = {"text/html"};
  meta_data.egress = {"*.example.net"};
  meta_data.created_at = 1795392000000;
  meta_data.updated_at = 1795392000001;
  return meta_data;
}

ModuleStatus status() {
  return {.limits = {1, 2, 3, 4, 5}, .compile = {CompileState::kCompiling, ""}};
}

std::string meta_data_text(const ModuleStatus& with) {
  std::string out;
  append_meta_data(out, example(), with);
  return out;
}

TEST(WasmJson, ShowsEveryFieldInTheContractsOrder) {
  EXPECT_EQ(
      meta_data_text(status()),
      R"({"run_function":"add","size":69,)"
      R"("param":[{"name":"a","param_type":"i32"},{"name":"b\"","param_type":"f64"}],)"
      R"("result":["v128"],"kind":"command",)"
      R"("digest":"sha256:9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f",)"
      R"("revision":3,"state":"compiling","labels":{"team":"maths"},)"
      R"("limits":{"timeout_ms":1,"memory_bytes":2,"output_bytes":3,"max_concurrency":4,"max_queue":5},)"
      R"("functions":[{"name":"add","param":[{"name":"p0","param_type":"i32"}],"result":["externref"]},)"
      R"({"name":"","param":[],"result":[]}],)"
      R"("args":["-v"],"env":{"A":"1","B":"\n"},"output_types":["text/html"],)"
      R"("egress":["*.example.net"],)"
      R"("imports":[{"module":"wasi_snapshot_preview1","name":"fd_write"}],)"
      R"("created_at":"2026-11-23T00:00:00.000Z","updated_at":"2026-11-23T00:00:00.001Z"})");
}

TEST(WasmJson, SaysWhyAModuleFailed) {
  ModuleStatus with = status();
  with.compile = {CompileState::kFailed, "too \"large\""};
  const json::value parsed = json::parse(meta_data_text(with));
  EXPECT_EQ(parsed.at("state"), "failed");
  EXPECT_EQ(parsed.at("state_detail"), "too \"large\"");
  with.compile.state = CompileState::kReady;
  EXPECT_EQ(json::parse(meta_data_text(with)).at("state"), "ready");
  EXPECT_FALSE(json::parse(meta_data_text(with)).as_object().contains("state_detail"));
}

TEST(WasmJson, IsJsonForAnEmptyModuleToo) {
  std::string out;
  append_resource(out, WasmMetaData{}, status());
  const json::value parsed = json::parse(out);
  EXPECT_EQ(parsed.at("id"), "");
  EXPECT_TRUE(parsed.at("meta_data").at("functions").as_array().empty());
  EXPECT_TRUE(parsed.at("meta_data").at("labels").as_object().empty());
  EXPECT_FALSE(parsed.as_object().contains("wasm"));
}

TEST(WasmJson, FramesTheCode) {
  const StorageFrame frame = storage_frame(example(), status());
  const json::value parsed = json::parse(frame.head + "AGFzbQ==" + frame.tail);
  EXPECT_EQ(parsed.at("id"), "add");
  EXPECT_EQ(parsed.at("wasm"), "AGFzbQ==");
  EXPECT_EQ(json::serialize(parsed.at("meta_data")),
            json::serialize(json::parse(meta_data_text(status()))));
}

}  // namespace
}  // namespace wasm_server
