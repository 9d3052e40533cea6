#include "http/request_id.h"

#include <algorithm>
#include <random>

#include "base/text.h"

namespace wasm_server {

bool is_request_id(std::string_view text) {
  if (text.empty() || text.size() > 128) return false;
  return std::ranges::all_of(text, [](char c) {
    return ascii_alnum(c) || std::string_view("._:/+=@-").find(c) != std::string_view::npos;
  });
}

RequestIds::RequestIds() {
  std::random_device random;
  append_hex(prefix_, random(), 8);
  append_hex(prefix_, random(), 8);
  prefix_ += '-';
}

void RequestIds::next(std::string& id) {
  id = prefix_;
  append_hex(id, counter_++, 10);
}

}  // namespace wasm_server
