#include <stdlib.h>
#include <string.h>

#include "proxy.h"

enum { kPieceSize = 64 * 1024, kMaxWriteSize = 4096 /* of one blocking_write_and_flush */ };

typedef wasi_http_types_own_incoming_request_t Request;
typedef wasi_http_types_own_response_outparam_t ResponseOut;
typedef wasi_http_types_own_outgoing_body_t Body;
typedef wasi_io_streams_own_output_stream_t Output;

typedef struct {
  uint8_t *data;
  size_t size;
} Text;

static void append(Text *text, const void *bytes, size_t size) {
  text->data = realloc(text->data, text->size + size);
  if (text->data == NULL) abort();
  memcpy(text->data + text->size, bytes, size);
  text->size += size;
}

static void append_string(Text *text, const char *string) { append(text, string, strlen(string)); }

// Sends the head; the body can be written from then on.
static Body start(ResponseOut out, uint16_t status, const char *content_type) {
  wasi_http_types_own_fields_t headers = wasi_http_types_constructor_fields();
  proxy_string_t name;
  proxy_string_set(&name, "content-type");
  wasi_http_types_field_value_t value = {(uint8_t *)content_type, strlen(content_type)};
  wasi_http_types_header_error_t refused;
  if (!wasi_http_types_method_fields_append(wasi_http_types_borrow_fields(headers), &name, &value, &refused)) abort();

  wasi_http_types_own_outgoing_response_t response = wasi_http_types_constructor_outgoing_response(headers);
  wasi_http_types_borrow_outgoing_response_t borrowed = wasi_http_types_borrow_outgoing_response(response);
  Body body;
  if (!wasi_http_types_method_outgoing_response_set_status_code(borrowed, status)) abort();
  if (!wasi_http_types_method_outgoing_response_body(borrowed, &body)) abort();
  wasi_http_types_result_own_outgoing_response_error_code_t answer = {.is_err = false, .val.ok = response};
  wasi_http_types_static_response_outparam_set(out, &answer);
  return body;
}

static Output open_output(Body body) {
  Output output;
  if (!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body), &output)) abort();
  return output;
}

// A body can only be finished when nobody can write to it any more.
static void finish(Body body, Output output) {
  wasi_io_streams_output_stream_drop_own(output);
  wasi_http_types_error_code_t error;
  if (!wasi_http_types_static_outgoing_body_finish(body, NULL, &error)) wasi_http_types_error_code_free(&error);
}

static void send_text(ResponseOut out, uint16_t status, Text text) {
  Body body = start(out, status, "text/plain; charset=utf-8");
  Output output = open_output(body);
  wasi_io_streams_stream_error_t error;
  for (size_t sent = 0; sent < text.size;) {
    size_t left = text.size - sent;
    proxy_list_u8_t piece = {text.data + sent, left < kMaxWriteSize ? left : kMaxWriteSize};
    if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(output),
                                                                       &piece, &error)) {
      wasi_io_streams_stream_error_free(&error);  // the client has left
      break;
    }
    sent += piece.len;
  }
  finish(body, output);
}

// Hands the body on piece by piece: it never is in memory as a whole.
static void echo(Request request, ResponseOut out) {
  wasi_http_types_own_incoming_body_t source;
  wasi_http_types_own_input_stream_t input;
  if (!wasi_http_types_method_incoming_request_consume(wasi_http_types_borrow_incoming_request(request), &source)) abort();
  if (!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(source), &input)) abort();
  Body body = start(out, 200, "application/octet-stream");
  Output output = open_output(body);
  uint64_t moved;
  wasi_io_streams_stream_error_t error;
  while (wasi_io_streams_method_output_stream_blocking_splice(wasi_io_streams_borrow_output_stream(output),
                                                              wasi_io_streams_borrow_input_stream(input), kPieceSize,
                                                              &moved, &error)) {
  }
  if (error.tag != WASI_IO_STREAMS_STREAM_ERROR_CLOSED) abort();  // the body broke off: not to be taken for a whole one
  wasi_io_streams_input_stream_drop_own(input);
  wasi_http_types_incoming_body_drop_own(source);
  finish(body, output);
}

static Text describe(Request request, const uint8_t *query, size_t query_size) {
  Text text = {0};
  append_string(&text, "query: ");
  append(&text, query, query_size);
  append_string(&text, "\n");

  wasi_http_types_own_headers_t headers =
      wasi_http_types_method_incoming_request_headers(wasi_http_types_borrow_incoming_request(request));
  wasi_http_types_list_tuple2_field_name_field_value_t entries;
  wasi_http_types_method_fields_entries(wasi_http_types_borrow_fields(headers), &entries);
  for (size_t i = 0; i < entries.len; ++i) {
    append(&text, entries.ptr[i].f0.ptr, entries.ptr[i].f0.len);
    append_string(&text, ": ");
    append(&text, entries.ptr[i].f1.ptr, entries.ptr[i].f1.len);
    append_string(&text, "\n");
  }
  wasi_http_types_list_tuple2_field_name_field_value_free(&entries);
  wasi_http_types_fields_drop_own(headers);
  return text;
}

static bool equals(const uint8_t *bytes, size_t size, const char *string) {
  return size == strlen(string) && memcmp(bytes, string, size) == 0;
}

void exports_wasi_http_incoming_handler_handle(Request request, ResponseOut out) {
  wasi_http_types_method_t method;
  proxy_string_t target;
  wasi_http_types_method_incoming_request_method(wasi_http_types_borrow_incoming_request(request), &method);
  if (!wasi_http_types_method_incoming_request_path_with_query(wasi_http_types_borrow_incoming_request(request),
                                                               &target)) {
    proxy_string_dup(&target, "/");
  }
  const uint8_t *mark = memchr(target.ptr, '?', target.len);
  const size_t path_size = mark ? (size_t)(mark - target.ptr) : target.len;
  const bool get = method.tag == WASI_HTTP_TYPES_METHOD_GET, post = method.tag == WASI_HTTP_TYPES_METHOD_POST;

  Text text = {0};
  if (get && equals(target.ptr, path_size, "/")) {
    append_string(&text, "hello from C\n");
    send_text(out, 200, text);
  } else if (post && equals(target.ptr, path_size, "/echo")) {
    echo(request, out);
  } else if (get && equals(target.ptr, path_size, "/request")) {
    text = describe(request, mark ? mark + 1 : target.ptr, mark ? target.len - path_size - 1 : 0);
    send_text(out, 200, text);
  } else {
    append_string(&text, "not found\n");
    send_text(out, 404, text);
  }
  free(text.data);
  proxy_string_free(&target);
  wasi_http_types_method_free(&method);
  wasi_http_types_incoming_request_drop_own(request);
}
