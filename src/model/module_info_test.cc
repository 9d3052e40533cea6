#include "model/module_info.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/function_index.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

TEST(ModuleInfo, NamesEveryKindAndReadsItBack) {
  EXPECT_EQ(module_kind_from_text("module"), ModuleKind::kModule);
  EXPECT_EQ(module_kind_from_text("command"), ModuleKind::kCommand);
  EXPECT_EQ(module_kind_from_text("component"), ModuleKind::kComponent);
  EXPECT_EQ(module_kind_from_text("http"), ModuleKind::kHttp);
  EXPECT_EQ(module_kind_from_text("https"), std::nullopt);
  EXPECT_STREQ(to_text(ModuleKind::kCommand), "command");
}

TEST(ModuleInfo, ChoosesStartOrTheOnlyFunctionOrNone) {
  EXPECT_EQ(default_function(info_with({add_function()})), "add");
  EXPECT_EQ(default_function(info_with({add_function(), {"_start", {}, {}}})), "_start");
  EXPECT_EQ(default_function(info_with({add_function(), {"sub", {}, {}}})), "");
  EXPECT_EQ(default_function(info_with({})), "");
}

ModuleInfo component(std::vector<std::string> names, ModuleKind kind = ModuleKind::kComponent) {
  ModuleInfo info;
  info.kind = kind;
  for (std::string& name : names) info.functions.push_back({std::move(name), {}, {}});
  return info;
}

// The name of what is found; "none".
std::string found(const ModuleInfo& info, std::string_view name) {
  const FunctionInfo* function = info.find_function(name);
  EXPECT_EQ(FunctionIndex(info).find(name), function) << name;
  return function == nullptr ? "none" : function->name;
}

TEST(ModuleInfo, FindsAFunctionOfAComponentByItsOtherNames) {
  const ModuleInfo info =
      component({"plain", "docs:types/all.mk@0.1.0", "docs:types/all.twice@0.1.0",
                 "docs:types/all.[method]counter.incr@0.1.0", "other.twice", "[static]a.b"});
  EXPECT_EQ(found(info, "docs:types/all.mk@0.1.0"), "docs:types/all.mk@0.1.0");
  EXPECT_EQ(found(info, "docs:types/all@0.1.0#mk"), "docs:types/all.mk@0.1.0");
  EXPECT_EQ(found(info, "mk"), "docs:types/all.mk@0.1.0");
  EXPECT_EQ(found(info, "[method]counter.incr"), "docs:types/all.[method]counter.incr@0.1.0");
  EXPECT_EQ(found(info, "docs:types/all@0.1.0#[method]counter.incr"),
            "docs:types/all.[method]counter.incr@0.1.0");
  EXPECT_EQ(found(info, "[static]a.b"), "[static]a.b");
  EXPECT_EQ(found(info, "other#twice"), "other.twice");
  EXPECT_EQ(found(info, "twice"), "none") << "there are two";
  EXPECT_EQ(found(info, "docs:types/all@0.2.0#mk"), "none");
  EXPECT_EQ(found(info, "docs:types/all#mk"), "none");
  EXPECT_EQ(found(info, "b"), "none");
  EXPECT_EQ(found(info, ""), "none");
  EXPECT_EQ(found(component({"mk", "a.mk", "b.mk"}), "mk"), "mk") << "its own name";
  EXPECT_EQ(found(component({"a.mk", "mk", "b.mk"}), "mk"), "mk");
  EXPECT_EQ(found(component({"a.mk", "b.mk", "c.mk"}), "mk"), "none");
}

TEST(ModuleInfo, KnowsAModulesFunctionsByTheirNamesOnly) {
  const ModuleInfo info = component({"docs:types/all.mk@0.1.0"}, ModuleKind::kModule);
  EXPECT_EQ(found(info, "mk"), "none");
  EXPECT_FALSE(info.is_component());
  EXPECT_FALSE(component({"_start", "a.mk"}, ModuleKind::kCommand).is_component());
  EXPECT_TRUE(component({"wasi:cli/run.run@0.2.0"}, ModuleKind::kCommand).is_component());
}

TEST(ModuleInfo, ChoosesOfAComponentWhatCanBeCalled) {
  ModuleInfo info = component({"mk", "add", "use"});
  info.functions[0].result = {*value_type_from_text("own<counter>")};
  info.functions[2].param = {{"c", *value_type_from_text("list<borrow<counter>>")}};
  EXPECT_EQ(default_function(info), "add");
  info.kind = ModuleKind::kHttp;
  EXPECT_EQ(default_function(info), "");
  EXPECT_EQ(default_function(component({"a", "b"})), "");
  const ModuleInfo command = component({"a.b", "wasi:cli/run.run@0.2.3"}, ModuleKind::kCommand);
  EXPECT_EQ(default_function(command), "wasi:cli/run.run@0.2.3");
  EXPECT_TRUE(runs_command(command, command.functions[1]));
  EXPECT_FALSE(runs_command(command, command.functions[0]));
}

}  // namespace
}  // namespace wasm_server
