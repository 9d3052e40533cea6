#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"

namespace wasm_server {

// One message, and the descriptor that came with it (-1: none).
struct SocketMessage {
  std::string bytes;
  Descriptor file;
};

// A pair of connected sockets that keep the bounds of messages; both close on exec. Both are -1,
// with errno, when there are none to be had.
std::pair<Descriptor, Descriptor> make_message_sockets();

// Whether it was sent, whole; `file` is a descriptor to send along, or -1. Waits while the other
// end's buffer is full; no signal when there is no other end.
bool send_message(int socket, std::string_view bytes, int file = -1);

// Waits for the next one. Empty when the other end is closed, or sent what is no message: more than
// kMaxMessage bytes (compile/worker/protocol.h) or more than one descriptor. Received descriptors
// close on exec; what is not handed out is closed.
std::optional<SocketMessage> receive_message(int socket);

}  // namespace wasm_server
