#include "http/h1/body_decoder.h"

namespace wasm_server {

void BodyDecoder::start(RequestParser& parser, std::uint64_t limit) {
  parser_ = &parser;
  is_chunked_ = parser.is_chunked();
  left_ = parser.content_length();
  ended_ = !is_chunked_ && left_ == 0;
  if (is_chunked_) parser.start_chunks(limit);
}

BodyDecoder::Status BodyDecoder::decode(std::string_view pending, std::size_t& consumed,
                                        std::string_view& data) {
  data = {};
  if (ended_) return Status::kEnd;
  if (is_chunked_) {
    const auto status = parser_->parse_chunks(pending, consumed, data);
    if (status == RequestParser::Status::kFailed) return Status::kFailed;
    if (status == RequestParser::Status::kNeedMore) return Status::kNeedMore;
    ended_ = data.empty();
    return ended_ ? Status::kEnd : Status::kData;
  }
  if (pending.empty()) return Status::kNeedMore;
  data = pending.substr(0, left_);
  consumed += data.size();
  took(data);
  return Status::kData;
}

void BodyDecoder::took(std::string_view data) {
  if (is_chunked_) {
    parser_->took_chunk_data(data);
  } else {
    left_ -= data.size();
    ended_ = left_ == 0;
  }
}

}  // namespace wasm_server
