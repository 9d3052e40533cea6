#include "store/wasm_storage.h"

#include <gtest/gtest.h>

#include "testing/modules.h"

namespace wasm_server {
namespace {

TEST(WasmStorage, NamesEveryValueTypeAndReadsItBack) {
  for (int type = 0; type <= static_cast<int>(ValueType::kOther); ++type) {
    const auto value = static_cast<ValueType>(type);
    EXPECT_EQ(value_type_from_text(to_text(value)), value);
  }
  EXPECT_STREQ(to_text(ValueType::kV128), "v128");
  EXPECT_STREQ(to_text(ValueType::kExternref), "externref");
  EXPECT_EQ(value_type_from_text("I32"), std::nullopt);
  EXPECT_EQ(value_type_from_text(""), std::nullopt);
}

TEST(WasmStorage, NamesEveryKindAndReadsItBack) {
  EXPECT_EQ(module_kind_from_text("module"), ModuleKind::kModule);
  EXPECT_EQ(module_kind_from_text("command"), ModuleKind::kCommand);
  EXPECT_EQ(module_kind_from_text("http"), std::nullopt);
  EXPECT_STREQ(to_text(ModuleKind::kCommand), "command");
}

TEST(WasmStorage, ChoosesStartOrTheOnlyFunctionOrNone) {
  EXPECT_EQ(default_function(info_with({add_function()})), "add");
  EXPECT_EQ(default_function(info_with({add_function(), {"_start", {}, {}}})), "_start");
  EXPECT_EQ(default_function(info_with({add_function(), {"sub", {}, {}}})), "");
  EXPECT_EQ(default_function(info_with({})), "");
}

TEST(WasmStorage, EtagChangesWithRevisionAndCode) {
  const WasmMetaData one = make_meta_data("m", "code", 1);
  EXPECT_EQ(etag_of(one), "1-" + to_hex(sha256("code")));
  EXPECT_NE(etag_of(one), etag_of(make_meta_data("m", "code", 2)));
  EXPECT_NE(etag_of(one), etag_of(make_meta_data("m", "other", 1)));
}

}  // namespace
}  // namespace wasm_server
