#pragma once

// Owners for the C API's handles, and its strings and errors as ours.

#include <memory>
#include <string>
#include <string_view>

#include "engine/engine_component.h"

namespace wasm_server {

template <auto Delete>
struct HandleDeleter {
  template <class T>
  void operator()(T* handle) const {
    Delete(handle);
  }
};

using EngineHandle = std::unique_ptr<wasm_engine_t, HandleDeleter<wasm_engine_delete>>;
using LinkerHandle = std::unique_ptr<wasmtime_linker_t, HandleDeleter<wasmtime_linker_delete>>;
using ModuleHandle = std::unique_ptr<wasmtime_module_t, HandleDeleter<wasmtime_module_delete>>;
using InstancePreHandle =
    std::unique_ptr<wasmtime_instance_pre_t, HandleDeleter<wasmtime_instance_pre_delete>>;
using ComponentLinkerHandle =
    std::unique_ptr<engine_component_linker_t, HandleDeleter<engine_component_linker_delete>>;
using ComponentCodeHandle =
    std::unique_ptr<engine_component_code_t, HandleDeleter<engine_component_code_delete>>;
using ComponentHandle = std::unique_ptr<engine_component_t, HandleDeleter<engine_component_delete>>;
using EgressHandle = std::unique_ptr<engine_egress_t, HandleDeleter<engine_egress_delete>>;
using StoreHandle = std::unique_ptr<wasmtime_store_t, HandleDeleter<wasmtime_store_delete>>;
using FutureHandle =
    std::unique_ptr<wasmtime_call_future_t, HandleDeleter<wasmtime_call_future_delete>>;
using ErrorHandle = std::unique_ptr<wasmtime_error_t, HandleDeleter<wasmtime_error_delete>>;
using TrapHandle = std::unique_ptr<wasm_trap_t, HandleDeleter<wasm_trap_delete>>;
using FuncTypeHandle = std::unique_ptr<wasm_functype_t, HandleDeleter<wasm_functype_delete>>;

// A byte vector that the engine filled.
class ByteVec {
 public:
  ByteVec() : vec_{0, nullptr} {}
  ~ByteVec() {
    if (vec_.data != nullptr) wasm_byte_vec_delete(&vec_);
  }
  ByteVec(const ByteVec&) = delete;
  ByteVec& operator=(const ByteVec&) = delete;

  wasm_byte_vec_t* out() { return &vec_; }
  std::string_view view() const { return {vec_.data, vec_.size}; }

 private:
  wasm_byte_vec_t vec_;
};

inline std::string message_of(const wasmtime_error_t* error) {
  ByteVec message;
  wasmtime_error_message(error, message.out());
  return std::string(message.view());
}

}  // namespace wasm_server
