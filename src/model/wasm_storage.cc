#include "model/wasm_storage.h"

#include "base/text.h"

namespace wasm_server {

std::string etag_of(const WasmMetaData& meta_data) {
  std::string etag;
  append_hex(etag, meta_data.tag, 16);
  return etag;
}

}  // namespace wasm_server
