#include "model/module_info.h"

#include <gtest/gtest.h>

#include "testing/modules.h"

namespace wasm_server {
namespace {

TEST(ModuleInfo, NamesEveryKindAndReadsItBack) {
  EXPECT_EQ(module_kind_from_text("module"), ModuleKind::kModule);
  EXPECT_EQ(module_kind_from_text("command"), ModuleKind::kCommand);
  EXPECT_EQ(module_kind_from_text("http"), std::nullopt);
  EXPECT_STREQ(to_text(ModuleKind::kCommand), "command");
}

TEST(ModuleInfo, ChoosesStartOrTheOnlyFunctionOrNone) {
  EXPECT_EQ(default_function(info_with({add_function()})), "add");
  EXPECT_EQ(default_function(info_with({add_function(), {"_start", {}, {}}})), "_start");
  EXPECT_EQ(default_function(info_with({add_function(), {"sub", {}, {}}})), "");
  EXPECT_EQ(default_function(info_with({})), "");
}

}  // namespace
}  // namespace wasm_server
