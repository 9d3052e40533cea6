#include "testing/test_store.h"

#include <cstring>

#include "store/batch.h"
#include "store/open_store.h"
#include "testing/modules.h"

namespace wasm_server {

std::string patterned(std::size_t size, unsigned seed) {
  std::string bytes(size, static_cast<char>(seed));
  for (std::size_t place = 0; place + sizeof seed <= size; place += 64) {
    seed = seed * 1664525 + 1013904223;
    std::memcpy(bytes.data() + place, &seed, sizeof seed);
  }
  return bytes;
}

Result<void> put_module(Store& store, const WasmMetaData& meta_data, std::string_view code) {
  TRY_ASSIGN(const auto batch, store.begin());
  TRY(ModuleBatch{*batch}.put(meta_data, std::make_shared<const Bytes>(code)));
  return store.commit(*batch);
}

Result<void> put_module(Store& store, std::string_view id, std::string_view code,
                        std::uint64_t revision) {
  return put_module(store, make_meta_data(id, code, revision), code);
}

Result<void> erase_module(Store& store, std::string_view id) {
  TRY_ASSIGN(const auto batch, store.begin());
  TRY(ModuleBatch{*batch}.erase(id));
  return store.commit(*batch);
}

void TestStore::open(const StoreSettings& settings) {
  close();
  store_ = open_store(path(), settings).value();
  modules_ = std::make_unique<ModuleRepository>(*store_);
}

void TestStore::close() {
  modules_.reset();
  store_.reset();
}

}  // namespace wasm_server
