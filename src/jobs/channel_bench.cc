// What the channel itself costs, without a store.
//   SendAndReceive/batch  jobs sent and received by one thread, in batches: the price of the queue
//   RoundTrip/clients     coroutines on one event loop that submit and wait for an answer from
//   another thread: the price
//                         of a hand-over there and back, shared by as many jobs as are waiting

#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "jobs/channel.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

void SendAndReceive(benchmark::State& state) {
  JobChannel channel{{}};
  auto tx = channel.tx();
  std::vector<PendingJob> batch;
  const WasmJob job = save_job("m", "code");
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      static_cast<void>(tx.try_send({job, [](Result<JobResult>) {}}));
    }
    channel.rx().receive(batch);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(SendAndReceive)->Arg(1)->Arg(16)->Arg(256);

Task<void> submit_rounds(JobChannel& channel, std::int64_t rounds) {
  for (std::int64_t i = 0; i < rounds; ++i) {
    WasmJob job;
    auto answer = co_await channel.tx().submit(std::move(job));
    benchmark::DoNotOptimize(answer);
  }
}

void RoundTrip(benchmark::State& state) {
  constexpr std::int64_t kRounds = 100;
  JobChannel channel{{}};
  std::jthread receiver{[&] {
    std::vector<PendingJob> batch;
    while (channel.rx().receive(batch)) {
      for (PendingJob& pending : batch) pending.done(JobResult{});
    }
  }};
  for (auto _ : state) {
    asio::io_context context{1};
    for (std::int64_t client = 0; client < state.range(0); ++client) {
      Task<void> task = submit_rounds(channel, kRounds);
      asio::co_spawn(context.get_executor(), std::move(task), asio::detached);
    }
    context.run();
  }
  channel.close();
  state.SetItemsProcessed(state.iterations() * state.range(0) * kRounds);
}
BENCHMARK(RoundTrip)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

}  // namespace
}  // namespace wasm_server
