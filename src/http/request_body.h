#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/body_reader.h"
#include "http/body_shares.h"
#include "http/body_sink.h"
#include "http/content_coding.h"
#include "http/h1/body_decoder.h"
#include "http/loop_state.h"
#include "http/transport/connection.h"

namespace wasm_server {

// The body of the request that a session is at: read as a whole, piece by piece, or not at all. It
// holds the client to its limits, its rate and the memory for bodies. Of a body that is refused,
// what the client still sends is the session's matter. On its event loop's thread.
class RequestBody final : public BodyReader {
 public:
  RequestBody(LoopState& loop, Connection& connection, RequestParser& parser);

  ~RequestBody() override { release_memory(); }
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  // Between requests.
  void reset();
  // The memory for it is no longer needed: the request is refused.
  void release_memory();
  // The header has been parsed: the first `head_size` bytes of the request, which stay.
  void start(std::size_t head_size, std::uint64_t limit);

  // The hot path: true when there is no body, or a small one that came with its header, now in
  // `body`.
  bool take_small(Bytes& body);
  // The whole of it. The memory stays charged until `reset`.
  Task<Result<void>> read_whole(Bytes& body);
  // The same, with its coding undone; the limit is that of the plain body too.
  Task<Result<void>> read_decoded(ContentCoding coding, Bytes& body);

  std::optional<std::uint64_t> size() const override;
  Task<Result<ByteView>> next() override;
  ByteView arrived() override;
  bool has_ended() const override { return decoder_.has_ended(); }
  void interrupt() override;

  // From now on nothing but the answer can be sent: a client is no longer told to go on.
  void on_answer_begun() { answer_begun_ = true; }

  // Whether the client failed to send it as it should.
  bool has_failed() const { return failure_.has_value(); }
  // Whether the client left before the end, so that there is nobody to answer.
  bool client_is_gone() const { return gone_; }

  // What the client may still send of it: a little, that is on its way and not worth closing the
  // connection for, or much, or nobody knows.
  enum class Rest : std::uint8_t { kNone, kLittle, kMuch };
  Rest rest() const;
  // Reads over kLittle. False: the client left.
  Task<bool> discard();

 private:
  using Status = BodyDecoder::Status;

  Task<bool> begin();
  Status decode(std::string_view& data);
  Task<bool> receive_framing();
  Task<std::size_t> receive_data(std::span<char> room);
  Task<Result<ByteView>> next_piece();
  bool make_piece_room();
  enum class Undone : std::uint8_t { kUsedUp, kMore, kFailed };
  Undone undo(ContentDecoder& decoder, std::string_view& piece);
  bool charge_decoder(const ContentDecoder& decoder);
  void resume_clock();
  void stop_clock();
  void on_arrival(std::size_t n);
  void on_input_end();
  void on_client_gone();
  std::unexpected<Error> failed(ErrorCode code, std::string message);

  LoopState& loop_;
  Connection& connection_;
  RequestParser& parser_;
  const std::chrono::milliseconds timeout_;
  BodyShares::Account account_;
  BodySink sink_;
  BodyDecoder decoder_;
  std::unique_ptr<char[]> piece_;  // of `next`
  std::size_t head_size_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t limit_ = 0;
  std::uint64_t decoder_charge_ = 0;       // of what undoes the coding
  std::chrono::nanoseconds time_left_{0};  // of the deadline, while the handler is at work
  bool begun_ = false;
  bool answer_begun_ = false;
  bool waits_ = false;  // in next()
  bool interrupted_ = false;
  bool gone_ = false;
  std::optional<Error> failure_;
};

}  // namespace wasm_server
