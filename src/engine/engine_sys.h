#pragma once

// What engine-sys/src/lib.rs adds to Wasmtime's C API. Keep the two in step.

#include <wasm.h>
#include <wasmtime.h>

extern "C" {

// Sum limits of one call and what became of them. The engine updates it while the store runs.
typedef struct engine_sys_limits {
  uint64_t memory_bytes;    // over all memories
  uint64_t table_elements;  // over all tables
  uint64_t instances;
  uint64_t memory_used;
  uint64_t table_used;
  bool memory_refused;
  bool table_refused;
} engine_sys_limits_t;

bool engine_sys_pool_use_pagemap_scan(wasmtime_pooling_allocation_config_t* pool);
wasmtime_error_t* engine_sys_engine_new(wasm_config_t* config, wasm_engine_t** engine);
uint64_t engine_sys_compatibility_hash(const wasm_engine_t* engine);
void engine_sys_store_limit(wasmtime_store_t* store, engine_sys_limits_t* limits);
void engine_sys_start_compile_threads(size_t threads, void (*thread_start)(void));
}
