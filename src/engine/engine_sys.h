#pragma once

// What engine-sys/src/ adds to Wasmtime's C API. Keep the two in step.

#include <wasm.h>
#include <wasmtime.h>

extern "C" {

// What one call may take, and what became of it. The engine updates it while the store runs.
typedef struct engine_sys_limits {
  uint64_t memory_bytes;    // over all memories
  uint64_t table_elements;  // over all tables
  uint64_t instances;
  uint64_t light_bytes;  // up to this much memory an operation on all of it is short
  // Takes memory that is about to be given to the guest; false when there is not that much. Null:
  // nothing is counted. Nothing is ever released through it.
  bool (*take)(void* budget, uint64_t bytes);
  void* budget;
  // Until it is instantiated, a call that is refused memory is left with `is_waiting`, and asks
  // again when it is polled, for as long as this is on.
  bool may_wait;

  uint64_t memory_used;
  uint64_t table_used;
  bool memory_refused;  // by the limit
  bool table_refused;   // by the limit
  bool budget_refused;  // by `take`
  bool is_waiting;
  bool is_heavy;  // has more than light_bytes; the call was left once before it got them
} engine_sys_limits_t;

// A slot of a call's arguments and results: the value's bits from its first byte on
// (wasmtime::ValRaw).
typedef struct engine_sys_value {
  alignas(16) uint64_t low;
  uint64_t high;
} engine_sys_value_t;

// What to call; all pointers outlive the call.
typedef struct engine_sys_call_spec {
  const wasm_engine_t* engine;
  const wasmtime_instance_pre_t* module;
  void* host_data;  // what wasmtime_context_get_data gives to host functions
  engine_sys_limits_t* limits;
  uint64_t first_slice_ticks;  // until the first yield
  uint64_t slice_ticks;        // until each that follows
  const char* function;        // an export
  size_t function_size;
  engine_sys_value_t* values;  // arguments, then results: room for the larger number of the two
  size_t params;
  size_t results;
  bool initialize;  // a reactor: call "_initialize", if there is one, first
} engine_sys_call_spec_t;

// How it ended: with neither trap nor error (each owned by the reader), the results are there. An
// exception that nobody caught is a trap without a code. An error is a text of ours or the
// engine's, with nothing of the guest's.
typedef struct engine_sys_outcome {
  wasm_trap_t* trap;
  wasmtime_error_t* error;
  uint64_t instantiate_nanoseconds;
  bool instantiated;
  bool thrown;   // the trap is an exception
  bool no_room;  // the error is that the pool is full
  bool no_such_function;
  bool ended;
} engine_sys_outcome_t;

typedef struct engine_sys_call engine_sys_call_t;

// One call of one function in a fresh instance, on a fiber; it begins with the first poll. A poll
// runs one slice and says whether that was the last. It may be polled by different threads, by one
// at a time, and deleted at any time between polls, which stops the guest.
engine_sys_call_t* engine_sys_call_new(const engine_sys_call_spec_t* spec,
                                       engine_sys_outcome_t* outcome);
bool engine_sys_call_poll(engine_sys_call_t* call);
void engine_sys_call_delete(engine_sys_call_t* call);

bool engine_sys_pool_use_pagemap_scan(wasmtime_pooling_allocation_config_t* pool);
wasmtime_error_t* engine_sys_engine_new(wasm_config_t* config, wasm_engine_t** engine);
wasmtime_error_t* engine_sys_module_map(const wasm_engine_t* engine, int file,
                                        wasmtime_module_t** module);

// Who makes the code of an engine executable. Called from any thread.
typedef struct engine_sys_code_memory {
  void* data;
  // Makes text executable that is readable. False, with errno, when it cannot be.
  bool (*publish)(void* data, const uint8_t* text, size_t size);
  // Nobody uses the artefact any more whose text, or start if it has none, this is.
  void (*withdraw)(void* data, const uint8_t* text);
} engine_sys_code_memory_t;

void engine_sys_config_code_memory_set(wasm_config_t* config, engine_sys_code_memory_t memory);

// Uses an artefact, which begins with a page, where it lies: until it is withdrawn. In case of an
// error it may have been withdrawn or not.
wasmtime_error_t* engine_sys_module_in_place(const wasm_engine_t* engine, const uint8_t* artefact,
                                             size_t size, wasmtime_module_t** module);
// Whether its instances have a memory of their own, whose image may be kept in an open file.
bool engine_sys_module_has_memory(const wasmtime_module_t* module);
// Makes that image now, which the first instance does otherwise.
void engine_sys_module_make_image(const wasmtime_module_t* module);

uint64_t engine_sys_compatibility_hash(const wasm_engine_t* engine);

// The most that a module may have.
typedef struct engine_sys_module_limits {
  uint32_t functions;
  uint32_t types;
  uint32_t element_segments;
  uint32_t memories;
  uint32_t tables;
  uint32_t exported_values;  // parameters and results of all exported functions
} engine_sys_module_limits_t;

// Validates a module and writes what it says to `report`, which is empty before: the format is in
// engine/inspect/report.h. On the calling thread alone; needs no engine.
void engine_sys_inspect(const uint8_t* wasm, size_t size, const engine_sys_module_limits_t* limits,
                        wasm_byte_vec_t* report);
// How many of the bytes that looks into.
size_t engine_sys_bytes_to_validate(const uint8_t* wasm, size_t size);

// From now on the process ends at once, with `status` (not 0), when an allocation of the engine
// fails.
void engine_sys_exit_when_out_of_memory(int status);

// Compiles to the bytes of an artefact, on the calling thread or, if the engine compiles in
// parallel, on all of the process's threads for that. `artefact` is empty before.
wasmtime_error_t* engine_sys_precompile(const wasm_engine_t* engine, const uint8_t* wasm,
                                        size_t size, wasm_byte_vec_t* artefact);
}
