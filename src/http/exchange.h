#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/content_coding.h"
#include "http/loop_state.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/router.h"

namespace wasm_server {

// One request and its reply, whatever version of HTTP carries them: finds the route, asks the
// filters, calls the handler. One at a time, and then the next; on its event loop's thread.
class Exchange {
 public:
  Exchange(LoopState& loop, Peer& peer);

  // What arrives is put here; its views are the session's.
  Request& request() { return request_; }

  // Ready for the next request. The former one's bytes may be overwritten from now on.
  void reset();

  // The header is in `request`. True: `reply` is the answer already, and the body is not wanted.
  // `content_length`: as far as it is known.
  bool begin(std::uint64_t content_length, Reply& reply);

  BodyHandling body_handling() const;
  // Of a body that is read as a whole.
  ContentCoding coding() const { return coding_; }
  std::uint64_t body_limit() const;

  // Calls the handler, which may throw.
  Answer call() { return (*match_.handler)(request_); }

  // The reply is about to be sent.
  void end(Reply& reply);

  // A problem document as the answer, also to what never became a request.
  Reply refusal(ErrorCode code, std::string message, std::string log = {});

 private:
  void choose_request_id();
  bool find_handler(Reply& reply);
  bool find_coding(Reply& reply);

  LoopState& loop_;
  Request request_;
  Router::Match match_;
  ContentCoding coding_ = ContentCoding::kIdentity;
  std::string request_id_;  // ours; the client's is a view of the input
};

}  // namespace wasm_server
