#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_server {

// A client's X-Request-Id is taken over when it is 1 to 128 characters of [A-Za-z0-9._:/+=@-]: what
// ids, UUIDs, base64 and trace ids are made of, and nothing that needs escaping in a log or in
// JSON.
bool is_request_id(std::string_view text);

// Makes ids that no other event loop or process makes: a random prefix and a counter, in
// hexadecimal. Used on one thread.
class RequestIds {
 public:
  RequestIds();

  // Overwrites `id`, without allocating when it has held one before.
  void next(std::string& id);

 private:
  std::string prefix_;
  std::uint64_t counter_ = 0;
};

}  // namespace wasm_server
