#pragma once

// Header fields that are a connection's own, and so no guest's: neither of what it is asked nor of
// what it answers (RFC 9110, section 7.6.1).

#include <string>
#include <string_view>
#include <vector>

namespace wasm_server {

// The fields named by the values of Connection that it was given, and those that always are the
// connection's.
class ConnectionFields {
 public:
  // `value`: of a field Connection.
  void add(std::string_view value);

  bool contains(std::string_view name) const;

 private:
  std::vector<std::string> named_;  // in lower case
};

}  // namespace wasm_server
