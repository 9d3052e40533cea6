#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "http/connection.h"
#include "http/lane_state.h"
#include "http/parser.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/router.h"

namespace wasm_server {

// One client's connection, from its first byte to its close: reads a request, has it answered,
// sends the answer, and again, in order. It lives in the coroutine that `serve` starts, on its
// lane's event loop, and owns everything that a request needs, so that the next request on it
// allocates nothing (but for a path's id of more than 15 characters). What goes wrong, exceptions
// of handlers included, ends here: as a problem document while one can be sent, else by closing the
// connection.
class Session final : public Peer, private LaneMember {
 public:
  static Task<void> serve(std::shared_ptr<LaneState> lane, ConnectionToken token,
                          Descriptor socket);
  // Tells a client that there are too many, and closes.
  static Task<void> refuse(std::shared_ptr<LaneState> lane, ConnectionToken token,
                           Descriptor socket);

 private:
  // How it goes on after a part of an exchange.
  enum class Step {
    kGoOn,
    kNeedMore,  // input
    kAnswer,    // with the reply that was set
    kGone,      // there is nobody to answer
  };

  Session(LaneState& lane, Descriptor socket);

  Task<void> run();
  Task<bool> exchange();
  void start_request();

  Step parse_head(Reply& reply);
  Step on_head_input(Reply& reply);
  RequestParser::Status parse_pending();
  Step on_incomplete_head(Reply& reply);
  Step check_head(Reply& reply);
  Step check_match(Reply& reply);
  void choose_request_id();

  // session_body.cc
  bool has_body() const { return parser_.is_chunked() || parser_.content_length() > 0; }
  std::uint64_t body_limit() const;
  void leave_body_unread();
  Step take_small_body();
  Task<Step> read_body(Reply& reply);
  Task<bool> send_continue();
  Task<Step> read_sized_body(Reply& reply);
  Task<Step> read_chunked_body(Reply& reply);
  bool received_in_sink(std::span<char> room);
  void put_off_reading(std::uint64_t n);
  Step on_incomplete_body(Reply& reply);
  Step refuse_memory(Reply& reply);
  Task<bool> discard_body();
  Task<void> linger();

  void on_handler_failure(Reply& reply, const char* what);
  Step answer(Reply& reply, ErrorCode code, std::string message);
  Step answer_and_close(Reply& reply, ErrorCode code, std::string message);

  // session_reply.cc
  Outgoing render(const Reply& reply);
  Task<bool> send(Reply& reply);
  Task<bool> send_source(Reply& reply);
  Task<Result<ByteView>> next_piece(BodySource& source);
  bool cut_short(std::string_view reason);
  Task<bool> write_all(Outgoing out);
  // `latest`: when it must be over; the client's own time, `write_deadline_`, holds besides.
  Task<bool> write_rest(Outgoing& out, Moment latest = Moment::max());
  // A transfer's deadline after `n` more bytes: what the lowest rate allows for them is added, but
  // more than `timeout` is never left.
  Moment put_off(Moment deadline, std::uint64_t n, std::chrono::milliseconds timeout) const;
  void render_head(const Reply& reply, std::optional<std::uint64_t> length, bool chunked);
  bool omits_body(const Reply& reply) const;

  void watch(std::move_only_function<void()> gone) override;
  void unwatch() override;

  void on_sweep(Moment now) override;
  void on_stop() override;
  void on_cut() override;

  LaneState& lane_;
  const HttpLimits& limits_;
  Connection connection_;
  RequestParser parser_;
  BodySink sink_;
  Request request_;
  Router::Match match_;
  std::string request_id_;  // ours; the client's is a view of the input
  std::string out_;         // header and small bodies of the answer
  std::size_t head_size_ = 0;
  Moment write_deadline_;          // when the client must have taken more of the answer
  std::uint64_t unread_body_ = 0;  // to be discarded after the answer
  bool idle_ = true;               // between two requests
  bool keep_alive_ = true;
  bool lingers_ = false;  // the client may still be sending: its answer must not be lost by a reset
};

}  // namespace wasm_server
