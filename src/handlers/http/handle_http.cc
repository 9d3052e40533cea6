#include "handlers/http/handle_http.h"

#include <memory>
#include <utility>

#include "handlers/execute/record_end.h"
#include "handlers/http/answer_body.h"
#include "handlers/http/guest_exchange.h"
#include "handlers/http/guest_request.h"
#include "handlers/http/handler_call.h"
#include "handlers/http/handler_failure.h"

namespace wasm_server {
namespace {

// All handlers and the API itself are one origin to a browser, and where no token is asked for a
// page of it may call the API. So a handler's page is given an origin of its own, that of nobody:
// its scripts run, but what they send is told apart and refused (http/origin_rules.h).
void add_sandbox(Reply& reply) {
  reply.add_header("Content-Security-Policy",
                   "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads");
}

Reply begin_reply(const AnswerHead& head, bool sandboxed) {
  Reply reply;
  reply.status = head.status;
  reply.headers = head.fields;
  if (sandboxed) add_sandbox(reply);
  return reply;
}

// The answer is complete.
Reply whole_reply(GuestExchange& exchange, std::string_view request_id, bool sandboxed) {
  const AnswerHead& head = **exchange.head();
  Reply reply = begin_reply(head, sandboxed);
  if (exchange.omits_body(head) && head.status != 205) {
    reply.body = std::make_unique<NoBody>(head.content_length);
    return reply;
  }
  Bytes body = exchange.output().take_buffered();
  if (head.content_length && *head.content_length != body.size()) {
    return problem(wrong_length(), request_id);
  }
  if (head.announces_trailers && !exchange.trailers().empty()) {
    reply.body = std::make_unique<BodyWithTrailers>(std::move(body), exchange.trailers());
  } else {
    reply.body = std::move(body);
  }
  return reply;
}

Reply reply_of(const std::shared_ptr<HandlerCall>& call, std::string_view request_id,
               bool sandboxed) {
  GuestExchange& exchange = call->exchange();
  const auto* head = exchange.head();
  const bool has_begun = head != nullptr && head->has_value() && !call->has_failed();
  Reply reply;
  if (has_begun && exchange.is_complete()) {
    reply = whole_reply(exchange, request_id, sandboxed);
  } else if (has_begun && !call->result()) {
    reply = begin_reply(**head, sandboxed);
    reply.body = std::make_unique<AnswerBody>(call);
    return reply;
  } else {
    reply = problem(call->failure(), request_id);
  }
  call->let_go();
  return reply;
}

Task<Reply> answer_later(Request& request, std::shared_ptr<HandlerCall> call, bool sandboxed) {
  co_await call->wait_for_head();
  auto reply = reply_of(call, request.request_id, sandboxed);
  co_return reply;
}

// Of a guest that has ended.
Reply ended_reply(GuestExchange& exchange, std::string_view request_id, bool sandboxed) {
  const auto* head = exchange.head();
  if (head != nullptr && head->has_value() && exchange.is_complete()) {
    return whole_reply(exchange, request_id, sandboxed);
  }
  return problem(failure_of_handler(exchange, exchange.output().result()), request_id);
}

}  // namespace

Answer handle_http(Worker& worker, const ExecutionRecorder& recorder, Request& request,
                   HandlerGuest guest) {
  auto exchange =
      std::make_shared<GuestExchange>(worker.context().get_executor(), guest_request(request));
  record_end(exchange->output(), recorder, request, guest.revision, nullptr);
  take_arrived_body(*request.body_reader, exchange->body());
  auto execution = worker.make_execution(guest.make(*exchange));
  if (execution.run_on_worker()) {
    exchange->output().finish(execution.take_result());
    Reply reply = ended_reply(*exchange, request.request_id, guest.sandboxed);
    // The guest goes before what it may still refer to.
    reply.afterwards = [exchange, ended = execution.take_runnable()] { ended->release(); };
    return reply;
  }
  auto call =
      std::make_shared<HandlerCall>(worker, std::move(execution), std::move(exchange), request);
  call->start();
  return answer_later(request, std::move(call), guest.sandboxed);
}

}  // namespace wasm_server
