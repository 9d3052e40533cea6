#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "testing/test_client.h"

namespace wasm_server {

// Sends `start`, and then `each` again and again, each time soon after the last, until the server
// takes no more or the thread is stopped. `client` outlives it, and may receive meanwhile.
inline std::jthread drip(TestClient& client, std::string start, std::string each = "x") {
  return std::jthread(
      [&client, start = std::move(start), each = std::move(each)](const std::stop_token& stop) {
        bool open = client.send(start);
        while (open && !stop.stop_requested()) {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
          open = client.send(each);
        }
      });
}

}  // namespace wasm_server
