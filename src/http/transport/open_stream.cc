#include "http/transport/open_stream.h"

#include <utility>

#include "http/transport/tcp_stream.h"
#include "http/transport/tls_stream.h"

namespace wasm_server {

std::unique_ptr<Stream> open_stream(asio::io_context& loop, Descriptor descriptor,
                                    const TlsContext* tls) {
  if (tls == nullptr) return std::make_unique<TcpStream>(loop, std::move(descriptor));
  return std::make_unique<TlsStream>(loop, std::move(descriptor), tls->make_connection());
}

}  // namespace wasm_server
