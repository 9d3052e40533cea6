#include "store/operation.h"

#include "store/record.h"

namespace wasm_server {

std::size_t content_bytes(const Operation& operation) {
  return operation.record.size() + (operation.code ? operation.code->size() : 0);
}

Operation put_of(const WasmMetaData& meta_data) {
  Operation operation;
  operation.id = meta_data.id;
  operation.revision = meta_data.revision;
  operation.digest = meta_data.digest;
  encode_record(meta_data, operation.record);
  return operation;
}

}  // namespace wasm_server
