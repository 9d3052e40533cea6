#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/descriptor.h"
#include "base/task.h"
#include "http/exchange.h"
#include "http/h1/parser.h"
#include "http/h1/reply_writer.h"
#include "http/loop_state.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/request_body.h"
#include "http/transport/connection.h"

namespace wasm_server {

// One client's connection with HTTP/1.1, from its first byte to its close: reads a request, has it
// answered (http/exchange.h), sends the answer, and again, in order. Its matters are the
// connection's: how long it is waited for, whether it is kept, how it ends. It lives in the
// coroutine that `serve` starts, on its event loop, and owns everything that a request needs, so
// that the next request on it allocates nothing (but for a path's id of more than 15 characters).
// What goes wrong, exceptions of handlers included, ends here: as a problem document while one can
// be sent, else by closing the connection.
class Session final : public Peer, private LoopMember {
 public:
  // `of_operator`: it came in by the operator's own socket.
  static Task<void> serve(std::shared_ptr<LoopState> loop, ConnectionToken token, Descriptor socket,
                          bool of_operator = false);
  // Tells a client that there are too many, and closes.
  static Task<void> refuse(std::shared_ptr<LoopState> loop, ConnectionToken token,
                           Descriptor socket, bool of_operator = false);

 private:
  // How it goes on after a part of an exchange.
  enum class Step {
    kGoOn,
    kNeedMore,  // input
    kAnswer,    // with the reply that was set
    kGone,      // there is nobody to answer
  };

  Session(LoopState& loop, Descriptor socket, bool of_operator);

  Task<void> run();
  std::optional<Task<Reply>> call_handler(Reply& reply);
  Task<Reply> await_handler(Task<Reply> waiting);
  void start_request();

  Step parse_head(Reply& reply);
  Step on_head_input(Reply& reply);
  RequestParser::Status parse_pending();
  Step on_incomplete_head(Reply& reply);
  Step check_head(Reply& reply);
  Step take_body();
  Task<Step> read_body(Reply& reply);

  Step answer_and_close(Reply& reply, ErrorCode code, std::string message);
  void close_after_answer();
  void settle_body();
  Task<void> linger();

  // session_send.cc
  ReplyWriter::Context reply_context();
  Task<bool> send(Reply& reply);
  Task<bool> send_source(Reply& reply);
  Task<Result<ByteView>> next_piece(BodySource& source);
  // Logs the reason; an empty one is the client's own fault.
  bool cut_short(std::string_view reason);
  // `latest`: when it must be over; the client's own time, `write_deadline_`, holds besides.
  Task<bool> write_rest(Outgoing& out, Moment latest = Moment::max());

  void watch(std::move_only_function<void()> gone) override;
  void watch_silently(std::move_only_function<void()> gone) override;
  void unwatch() override;
  PeerAddress address() override;

  void on_sweep(Moment now) override;
  void on_stop() override;
  void on_cut() override;

  LoopState& loop_;
  const HttpLimits& limits_;
  Connection connection_;
  RequestParser parser_;
  RequestBody body_;
  Exchange exchange_;
  ReplyWriter writer_;
  std::optional<PeerAddress> address_;  // once somebody asked
  Moment write_deadline_;               // when the client must have taken more of the answer
  bool idle_ = true;                    // between two requests
  bool keep_alive_ = true;
  bool breaks_off_ = false;  // the answer ends before its end
  bool lingers_ = false;  // the client may still be sending: its answer must not be lost by a reset
};

}  // namespace wasm_server
