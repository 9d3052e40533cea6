#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/failure.h"
#include "cli/http/curl_library.h"
#include "cli/http/http_client.h"

namespace wasm_server::cli {

// One request and its answer on a handle of libcurl, which calls back into this object while
// perform() runs. All arguments must outlive it.
class HttpExchange {
 public:
  HttpExchange(const CurlLibrary& curl, CURL* easy, const ServerAddress& server,
               const HttpRequest& request);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  Outcome<HttpAnswer> perform();

 private:
  static std::size_t read(char* out, std::size_t size, std::size_t count, void* self);
  static std::size_t take_header(const char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(const char* data, std::size_t size, std::size_t count, void* self);
  static int take_progress(void* self, curl_off_t total_in, curl_off_t in, curl_off_t total_out,
                           curl_off_t out);

  void set_up();
  void set_up_body();
  void set_up_headers();
  void add_header(std::string_view line);
  void take_header_line(std::string_view line);
  Outcome<void> take_piece(std::string_view bytes);
  Outcome<HttpAnswer> ended(CURLcode code);
  std::string no_answer(CURLcode code) const;

  const CurlLibrary& curl_;
  CURL* const easy_;
  const ServerAddress& server_;
  const HttpRequest& request_;

  curl_slist* headers_ = nullptr;
  std::string error_text_;            // libcurl writes its reason here
  std::string_view unsent_;           // of request_.body
  HttpAnswer answer_;                 // as far as it came
  std::optional<Failure> own_error_;  // why a callback ended the exchange
};

}  // namespace wasm_server::cli
