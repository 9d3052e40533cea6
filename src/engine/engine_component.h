#pragma once

// Components: what engine-sys/src/component/ offers. Keep the two in step; a test compares the
// layouts of all structs (engine/engine_component_test.cc).

#include "engine/engine_sys.h"

extern "C" {

// Bytes of the caller's, which outlive what they are given to. Texts are UTF-8.
typedef struct engine_text {
  const char* data;
  size_t size;
} engine_text_t;

// A header or trailer field, or a variable of the environment.
typedef struct engine_field {
  engine_text_t name;
  engine_text_t value;
} engine_field_t;

typedef struct engine_component_linker engine_component_linker_t;  // what components may import
typedef struct engine_component_code engine_component_code_t;      // compiled
typedef struct engine_component engine_component_t;                // with its imports
typedef struct engine_component_call engine_component_call_t;

typedef struct engine_egress engine_egress_t;

// What the operator says of requests that guests send (engine/egress.h).
typedef struct engine_egress_settings {
  bool is_on;
  bool private_allowed;
  const engine_text_t* allow;
  size_t allow_count;
  engine_text_t ca_file;
  uint64_t connections;
  uint64_t requests;
  uint64_t bytes;
} engine_egress_settings_t;

typedef struct engine_egress_figures {
  uint64_t answered;
  uint64_t denied;
  uint64_t failed;
  uint64_t reused;
  uint64_t bytes;
  uint64_t open_connections;
  uint64_t idle_connections;
} engine_egress_figures_t;

wasmtime_error_t* engine_egress_new(const engine_egress_settings_t* settings,
                                    engine_egress_t** egress);
// Calls that use it may outlive it.
void engine_egress_delete(engine_egress_t* egress);
engine_egress_figures_t engine_egress_read_figures(const engine_egress_t* egress);
bool engine_egress_is_pattern(engine_text_t text);
// For tests: whether the pattern names the URL's host; whether a guest may be connected to the
// address.
bool engine_egress_pattern_allows(engine_text_t pattern, engine_text_t url);
bool engine_egress_may_connect(engine_text_t address, bool private_allowed);

wasmtime_error_t* engine_component_linker_new(const wasm_engine_t* engine,
                                              engine_component_linker_t** linker);
void engine_component_linker_delete(engine_component_linker_t* linker);

// Whether what an engine made of code, as bytes or in an open file, is of a component.
bool engine_is_component_artefact(const uint8_t* artefact, size_t size);
bool engine_is_component_file(int file);

// As their namesakes for modules, in engine/engine_sys.h.
wasmtime_error_t* engine_component_precompile(const wasm_engine_t* engine, const uint8_t* wasm,
                                              size_t size, wasm_byte_vec_t* artefact);
wasmtime_error_t* engine_component_load(const wasm_engine_t* engine, const uint8_t* artefact,
                                        size_t size, engine_component_code_t** code);
wasmtime_error_t* engine_component_in_place(const wasm_engine_t* engine, const uint8_t* artefact,
                                            size_t size, engine_component_code_t** code);
wasmtime_error_t* engine_component_map(const wasm_engine_t* engine, int file,
                                       engine_component_code_t** code);
wasmtime_error_t* engine_component_serialize(const engine_component_code_t* code,
                                             wasm_byte_vec_t* artefact);
size_t engine_component_size(const engine_component_code_t* code);
// How many memories an instance has.
uint32_t engine_component_memories(const engine_component_code_t* code);
void engine_component_code_delete(engine_component_code_t* code);

// Resolves the imports. `code` may be deleted before `component`.
wasmtime_error_t* engine_component_link(const engine_component_linker_t* linker,
                                        const engine_component_code_t* code,
                                        engine_component_t** component);
void engine_component_delete(engine_component_t* component);

enum { ENGINE_BODY_PIECE = 0, ENGINE_BODY_WAIT = 1, ENGINE_BODY_END = 2, ENGINE_BODY_ABORTED = 3 };

// What the caller does for a guest. All but `wake` are called while the call is polled, on the
// thread that does it.
typedef struct engine_component_host {
  void* data;
  // The call wants to be polled. From any thread, until the call is deleted.
  void (*wake)(void* data);
  // Whether standard output has room. If not, the caller polls the call again when it has.
  bool (*output_ready)(void* data);
  // Takes output, of stream 1 or 2. False: the guest is stopped.
  bool (*write)(void* data, uint32_t stream, const uint8_t* bytes, size_t size);
  // The next piece of the request's body, valid until the next call. One of ENGINE_BODY_*.
  uint32_t (*read_body)(void* data, const uint8_t** piece, size_t* size);
  // The answer: its head, whether it has room, some of its body, its end.
  void (*begin_answer)(void* data, uint32_t status, const engine_field_t* fields, size_t count);
  bool (*answer_ready)(void* data);
  void (*write_answer)(void* data, const uint8_t* bytes, size_t size);
  void (*end_answer)(void* data, const engine_field_t* fields, size_t count);
} engine_component_host_t;

typedef struct engine_request {
  engine_text_t method;
  bool is_https;
  engine_text_t authority;
  engine_text_t path_with_query;
  const engine_field_t* fields;
  size_t field_count;
} engine_request_t;

enum { ENGINE_CALL_FUNCTION = 0, ENGINE_CALL_COMMAND = 1, ENGINE_CALL_HTTP = 2 };

// What to call; all pointers outlive the call.
typedef struct engine_component_spec {
  const engine_component_t* component;
  engine_component_host_t host;
  engine_sys_limits_t* limits;
  uint64_t first_slice_ticks;
  uint64_t slice_ticks;
  uint64_t crossing_bytes;  // how many may cross from the guest's memory at once
  uint32_t kind;            // ENGINE_CALL_*
  // Of a function: the exported instance that it is in (empty: none), its name there, and its
  // arguments (engine/values/value_bytes.h).
  engine_text_t interface_name;
  engine_text_t function;
  engine_text_t values;
  engine_request_t request;  // of HTTP
  // WASI.
  const engine_text_t* arguments;  // with the program's name
  size_t argument_count;
  const engine_field_t* variables;
  size_t variable_count;
  engine_text_t input;
  // Requests that the guest sends: null, none; to the hosts of which patterns. Calls with the same
  // number of an owner share connections.
  const engine_egress_t* egress;
  const engine_text_t* egress_patterns;
  size_t egress_pattern_count;
  uint64_t egress_owner;
} engine_component_spec_t;

// How it ended.
typedef struct engine_component_outcome {
  // A trap may be one that the engine has no code for; then `refusal` says what the guest did.
  engine_sys_outcome_t common;
  wasm_byte_vec_t values;   // results of a function; the reader's
  wasm_byte_vec_t refusal;  // in words, or empty; the reader's
  bool exited;              // as a command does
  int32_t exit_code;
  bool has_head;         // HTTP: the answer has begun
  bool answered;         // HTTP: the answer is whole
  bool is_output_limit;  // more than crossing_bytes would have crossed
  bool is_bad_request;   // HTTP: no handler can be given the request; `refusal` says why
} engine_component_outcome_t;

enum {
  ENGINE_POLL_ENDED = 0,
  ENGINE_POLL_SLICE_USED = 1,
  ENGINE_POLL_WAITS = 2,          // until `wake`, or until there is room or a piece of the body
  ENGINE_POLL_WAITS_OUTSIDE = 3,  // until there is room or a piece of the body
};

// As engine_sys_call_*. A poll says one of ENGINE_POLL_*.
engine_component_call_t* engine_component_call_new(const engine_component_spec_t* spec,
                                                   engine_component_outcome_t* outcome);
uint32_t engine_component_call_poll(engine_component_call_t* call);
void engine_component_call_delete(engine_component_call_t* call);

// The offset of every field of the structs above, in their order, and after each struct its size.
// Returns how many there are, and writes at most `capacity` of them.
size_t engine_component_layout(size_t* numbers, size_t capacity);
}
