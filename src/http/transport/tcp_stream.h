#pragma once

#include "http/transport/stream.h"

namespace wasm_server {

// Bytes as they are.
class TcpStream final : public Stream {
 public:
  // `descriptor`: a connected stream socket that does not block.
  TcpStream(asio::io_context& loop, Descriptor descriptor) : Stream(loop, std::move(descriptor)) {}

  ssize_t read(std::span<char> space) override;
  ssize_t write(Outgoing& out) override;
  void shut_down_writing() override;
};

}  // namespace wasm_server
