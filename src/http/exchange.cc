#include "http/exchange.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "http/filter.h"
#include "http/request_id.h"

namespace wasm_server {

Exchange::Exchange(LoopState& loop, Peer& peer) : loop_(loop) { request_.peer = &peer; }

void Exchange::reset() {
  constexpr std::size_t kKeptBody = 4U << 10;
  if (request_.body.capacity() > kKeptBody) request_.body = Bytes();
  request_.body.clear();
  request_.method = Method::kOther;
  request_.method_text = request_.path = request_.query = request_.host = request_.request_id =
      request_.id = request_.rest = {};
  request_.headers.clear();
  request_.body_reader = nullptr;
  request_.id_prefix.clear();
  request_.token_id.clear();
  if (!request_.trace.id.empty()) request_.trace = {};
  request_.max_modules.reset();
  request_.max_bytes.reset();
  request_.began = {};
  match_.route = nullptr;
}

bool Exchange::begin(std::uint64_t content_length, Reply& reply) {
  choose_request_id();
  match_ = loop_.router().match(request_.method, request_.path);
  request_.id = match_.id;
  request_.rest = match_.rest;
  for (const auto& filter : loop_.router().filters()) {
    if (filter->answers(request_, match_.route, reply)) return true;
  }
  if (!find_handler(reply) || !find_coding(reply)) return true;
  if (content_length <= body_limit()) return false;
  reply = refusal(ErrorCode::kPayloadTooLarge, "the request's body is too large");
  return true;
}

void Exchange::choose_request_id() {
  request_.request_id = request_.header("x-request-id");
  if (is_request_id(request_.request_id)) return;
  loop_.request_ids().next(request_id_);
  request_.request_id = request_id_;
}

bool Exchange::find_handler(Reply& reply) {
  switch (match_.outcome) {
    case Router::Outcome::kHandler:
      return true;
    case Router::Outcome::kBadPath:
      reply = refusal(ErrorCode::kBadRequest, "the path is not a valid one");
      return false;
    case Router::Outcome::kNotFound:
      reply = refusal(ErrorCode::kNotFound, "there is nothing at this path");
      return false;
    case Router::Outcome::kOptions:
      reply.status = 204;
      reply.add_header("Allow", match_.allow);
      return false;
    case Router::Outcome::kMethodNotAllowed:
      reply = refusal(ErrorCode::kMethodNotAllowed, "this method is not for this path");
      reply.add_header("Allow", match_.allow);
      return false;
  }
  std::unreachable();
}

bool Exchange::find_coding(Reply& reply) {
  coding_ = ContentCoding::kIdentity;
  if (body_handling() != BodyHandling::kBuffered) return true;
  if (request_.header("content-encoding").empty()) return true;
  const Result<ContentCoding> coding = content_coding(request_);
  if (coding) {
    coding_ = *coding;
    return true;
  }
  reply = refusal(coding.error().code, coding.error().message);
  reply.add_header("Accept-Encoding", kTakenCodings);
  return false;
}

BodyHandling Exchange::body_handling() const {
  return match_.route != nullptr ? match_.route->body : BodyHandling::kNone;
}

std::uint64_t Exchange::body_limit() const {
  const std::uint64_t limit = loop_.server().limits.body_bytes;
  const bool wanted = body_handling() != BodyHandling::kNone;
  return wanted ? limit : std::min(kSmallBody, limit);
}

void Exchange::end(Reply& reply) {
  for (const auto& filter : std::views::reverse(loop_.router().filters())) {
    filter->on_reply(request_, match_.route, reply);
  }
}

Reply Exchange::refusal(ErrorCode code, std::string message, std::string log) {
  if (request_.request_id.empty()) {
    loop_.request_ids().next(request_id_);
    request_.request_id = request_id_;
  }
  return problem(Error{code, std::move(message), std::move(log)}, request_.request_id);
}

}  // namespace wasm_server
