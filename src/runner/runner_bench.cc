// Durable saves, as the runner makes them, against the disk itself. Arguments: jobs per batch,
// bytes per module.
//   SaveDistinct  every module has code of its own: record, blob and reference are written
//   SaveEqual     every module has the same code: record and reference only
//   SaveInMemory  SaveDistinct without syncs (on a tmpfs): what a save costs in CPU time
//   SaveUnlogged  SaveInMemory without the jobs' entry in the log: what that costs
//   BareWrite     the bytes of the code alone, appended to a file with one write and one fdatasync
//   per batch: what the
//                 disk can do at best
// The directory is $TMPDIR or /tmp; it must be on a real disk for the figures to mean anything.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/id.h"
#include "jobs/channel.h"
#include "runner/apply.h"
#include "runner/store_job_log.h"
#include "store/batch.h"
#include "store/open_store.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

std::string distinct_code(std::size_t size, std::uint64_t number) {
  std::string code(size, 'x');
  const std::string digits = std::to_string(number);
  code.replace(0, std::min(size, digits.size()), digits, 0, std::min(size, digits.size()));
  return code;
}

void set_counters(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1));
}

std::vector<WasmJob> make_batch(const benchmark::State& state, bool distinct) {
  static std::uint64_t number = 0;
  std::vector<WasmJob> batch;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const auto size = static_cast<std::size_t>(state.range(1));
    const std::string id = make_uuid_v7(std::chrono::system_clock::now());
    batch.push_back(save_job(id, distinct_code(size, distinct ? ++number : 0)));
  }
  return batch;
}

enum class Code { kDistinct, kEqual };
enum class Log { kOn, kOff };

void save_batches(benchmark::State& state, const std::filesystem::path& directory, Code code,
                  Log logged = Log::kOn) {
  const auto store = open_store(directory, {}).value();
  StoreJobLog log{*store};
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<WasmJob> batch = make_batch(state, code == Code::kDistinct);
    state.ResumeTiming();
    const auto writes = store->begin().value();
    std::vector<const WasmJob*> done;
    for (const WasmJob& job : batch) {
      if (apply_job(*writes, job)) done.push_back(&job);
    }
    if (logged == Log::kOn) {
      auto entry = log.append(done).value();
      writes->set_entry({entry.sequence, std::move(entry.beside)});
    }
    if (!store->commit(*writes)) state.SkipWithError("commit failed");
  }
  set_counters(state);
}

void SaveDistinct(benchmark::State& state) {
  const TemporaryDirectory directory;
  save_batches(state, directory.path(), Code::kDistinct);
}

void SaveEqual(benchmark::State& state) {
  const TemporaryDirectory directory;
  save_batches(state, directory.path(), Code::kEqual);
}

void save_in_memory(benchmark::State& state, Log logged) {
  const std::filesystem::path directory = "/dev/shm/wasm-server-bench-" + std::to_string(getpid());
  save_batches(state, directory, Code::kDistinct, logged);
  std::filesystem::remove_all(directory);
}

void SaveInMemory(benchmark::State& state) { save_in_memory(state, Log::kOn); }
void SaveUnlogged(benchmark::State& state) { save_in_memory(state, Log::kOff); }

void BareWrite(benchmark::State& state) {
  const TemporaryDirectory directory;
  const int file = open((directory.path() / "file").c_str(), O_RDWR | O_CREAT, 0600);
  const std::string bytes(static_cast<std::size_t>(state.range(0) * state.range(1)), 'x');
  for (auto _ : state) {
    const bool good =
        write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
        fdatasync(file) == 0;
    if (!good) state.SkipWithError("write failed");
  }
  close(file);
  set_counters(state);
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgsProduct({{1, 16, 256}, {69, 10'000}})
      ->Args({1, 1'000'000})
      ->Args({16, 1'000'000})
      ->UseRealTime();
}

BENCHMARK(BareWrite)->Apply(sizes);
BENCHMARK(SaveDistinct)->Apply(sizes);
BENCHMARK(SaveEqual)->ArgsProduct({{1, 16, 256}, {69}})->UseRealTime();
BENCHMARK(SaveInMemory)->ArgsProduct({{1, 16, 256}, {69, 10'000}});
BENCHMARK(SaveUnlogged)->ArgsProduct({{1, 16, 256}, {69, 10'000}});

}  // namespace
}  // namespace wasm_server
