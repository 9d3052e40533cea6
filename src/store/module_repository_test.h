#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "store/module_repository.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {

class ModuleRepositoryTest : public testing::Test {
 protected:
  const ModuleRepository& modules() { return store_.modules(); }

  void put(const WasmMetaData& meta_data, std::string_view code) {
    ASSERT_TRUE(put_module(*store_, meta_data, code).has_value());
  }
  void put(std::string_view id, std::string_view code, std::uint64_t revision = 1) {
    put(make_meta_data(id, code, revision), code);
  }
  void erase(std::string_view id) { ASSERT_TRUE(erase_module(*store_, id).has_value()); }

  std::unique_ptr<Batch> begin() { return store_->begin().value(); }
  Result<void> commit(Batch& batch) { return store_->commit(batch); }

  static Result<void> put_in(Batch& batch, std::string_view id, std::string_view code,
                             std::uint64_t revision = 1) {
    TRY(ModuleBatch{batch}.put(make_meta_data(id, code, revision),
                               std::make_shared<const Bytes>(code)));
    return {};
  }

  bool has_code(std::string_view code) {
    const bool has = modules().has_code(sha256(code)).value();
    EXPECT_EQ(modules().read_code(sha256(code)).value().has_value(), has);
    return has;
  }
  bool holds(std::string_view code) { return modules().read_code(sha256(code)).value() == code; }

  // All revisions, newest first.
  std::vector<std::uint64_t> revisions(std::string_view id) {
    std::vector<std::uint64_t> found;
    const auto current = modules().find(id).value();
    for (std::uint64_t number = current ? current->revision : 0; number > 0; --number) {
      if (modules().find_revision(id, number).value()) found.push_back(number);
    }
    return found;
  }

  TestStore store_;
};

}  // namespace wasm_server
