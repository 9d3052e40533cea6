// What a request costs in HTTP alone: from the bytes that a client sends to those of the answer,
// over a socket pair, on one thread. The client's two system calls are in it.
//   Request    one at a time, as small as an execution of a small function, with its two headers
//   Pipelined  sixteen at once

#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include "http/router.h"
#include "testing/paired_session.h"

namespace wasm_server {
namespace {

constexpr Route kRoutes[] = {{.name = "call",
                              .method = Method::kPost,
                              .pattern = "/wasm/{id}",
                              .body = BodyHandling::kBuffered}};

constexpr std::string_view kRequest =
    "POST /wasm/add HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
    "Content-Length: 15\r\n\r\n{\"args\":[2,40]}";

Answer answer(Request&) {
  Reply reply = json_reply(200, "{\"results\":[42]}");
  reply.add_header("Server-Timing", "queue;dur=0.001, instantiate;dur=0.002, run;dur=0.003");
  reply.add_header("Wasm-Revision", "1");
  return reply;
}

void send_and_receive(benchmark::State& state, int requests) {
  Router router(kRoutes);
  router.bind("call", answer);
  PairedSession session(router, HttpLimits{});
  std::string sent;
  for (int i = 0; i < requests; ++i) sent += kRequest;
  std::size_t received = 0;
  for (auto _ : state) {
    session.send(sent);
    session.run();
    received += session.receive(8U << 10).size();
  }
  if (received == 0) state.SkipWithError("no answer");
  state.SetItemsProcessed(state.iterations() * requests);
}

void Request(benchmark::State& state) { send_and_receive(state, 1); }
BENCHMARK(Request);

void Pipelined(benchmark::State& state) { send_and_receive(state, 16); }
BENCHMARK(Pipelined);

}  // namespace
}  // namespace wasm_server
