#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/json_text.h"

namespace wasm_server {

// The members of a JSON object, or the items of an array, as they are written.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}

  // What is appended next is the value.
  std::string& value(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view text) { append_json_string(value(name), text); }
  void json(std::string_view name, std::string_view json) { value(name) += json; }
  std::string& item() {
    separate();
    return out_;
  }

 private:
  void separate() { out_ += std::exchange(separator_, ","); }

  std::string& out_;
  std::string_view separator_;
};

template <class Write>
void write_between(std::string& out, char begin, Write write, char end) {
  out += begin;
  Members members(out);
  write(members);
  out += end;
}

template <class Write>
void write_object(std::string& out, Write write) {
  write_between(out, '{', write, '}');
}

template <class Write>
void write_array(std::string& out, Write write) {
  write_between(out, '[', write, ']');
}

}  // namespace wasm_server
