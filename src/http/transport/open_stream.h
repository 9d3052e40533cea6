#pragma once

#include <memory>

#include "base/descriptor.h"
#include "http/transport/stream.h"

namespace wasm_server {

class TlsContext;

// A client's stream, over TLS if there is a `tls`. `descriptor`: a connected stream socket that
// does not block.
std::unique_ptr<Stream> open_stream(asio::io_context& loop, Descriptor descriptor,
                                    const TlsContext* tls);

}  // namespace wasm_server
