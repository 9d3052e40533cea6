#pragma once

// For the tests of body sources: takes their pieces on a loop of its own.

#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/task.h"
#include "http/reply.h"

namespace wasm_server {

inline Task<void> take_next(BodySource& body, Result<Bytes>& out) {
  const Result<ByteView> piece = co_await body.next();
  if (piece) {
    out = Bytes{*piece};
  } else {
    out = std::unexpected{piece.error()};
  }
}

inline Result<Bytes> next_piece(BodySource& body) {
  asio::io_context loop(1);
  Result<Bytes> piece;
  asio::co_spawn(loop, take_next(body, piece), asio::detached);
  loop.run();
  return piece;
}

// All pieces up to the end, the empty one not among them.
inline std::vector<Bytes> all_pieces(BodySource& body) {
  std::vector<Bytes> pieces;
  for (;;) {
    Result<Bytes> piece = next_piece(body);
    EXPECT_TRUE(piece);
    if (!piece || piece->empty()) return pieces;
    pieces.push_back(*std::move(piece));
  }
}

}  // namespace wasm_server
