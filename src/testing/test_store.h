#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "store/kv.h"
#include "store/module_repository.h"
#include "store/store_settings.h"
#include "testing/temporary_directory.h"

namespace wasm_server {

// Bytes that are different for each seed, and in each of their parts.
std::string patterned(std::size_t size, unsigned seed = 1);

// One batch with one change of a module, with every other field as make_meta_data() fills it.
Result<void> put_module(Store& store, const WasmMetaData& meta_data, std::string_view code);
Result<void> put_module(Store& store, std::string_view id, std::string_view code,
                        std::uint64_t revision = 1);
Result<void> erase_module(Store& store, std::string_view id);

// The real store in a directory of its own.
class TestStore {
 public:
  explicit TestStore(const StoreSettings& settings = {}) { open(settings); }

  // Again, as after a stop.
  void open(const StoreSettings& settings = {});
  void close();

  Store& operator*() const { return *store_; }
  Store* operator->() const { return store_.get(); }
  const ModuleRepository& modules() const { return *modules_; }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  const TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ModuleRepository> modules_;
};

}  // namespace wasm_server
