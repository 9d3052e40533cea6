#include "compile/worker/worker_slot.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include "engine/inspect/report.h"
#include "testing/engine_fixture.h"
#include "testing/eventually.h"
#include "testing/hostile_modules.h"
#include "testing/unruly_worker.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing_engine::engine;
using testing_engine::wasm_of;

bool always(nanoseconds) { return true; }

std::string read_proc(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string status_field(pid_t pid, const std::string& name) {
  const auto status = read_proc(pid, "status");
  const auto at = status.find(name + ":\t");
  if (at == std::string::npos) return "";
  const auto start = at + name.size() + 2;
  return status.substr(start, status.find('\n', start) - start);
}

// Ready for tasks, and confined.
std::unique_ptr<WorkerProcess> ready_process(const WorkerSetup& setup = {.waited_for = true}) {
  auto process = WorkerProcess::start(setup).value();
  EXPECT_EQ(process->wait_until_ready(always), std::nullopt);
  const auto code = SealedMemory::copy_of(wasm_of("(module)")).value();
  EXPECT_TRUE(std::holds_alternative<SealedMemory>(process->run(code, always)));
  return process;
}

bool has_ended(pid_t pid) {
  return kill(pid, 0) != 0 || status_field(pid, "State").starts_with("Z");
}

TEST(WorkerProcess, MakesAnArtefactThatTheEngineLoads) {
  const auto process = ready_process();
  const auto code = SealedMemory::copy_of(wasm_of(testing_engine::kSum)).value();
  for (int i = 0; i < 3; ++i) {
    const auto answer = process->run(code, always);
    const auto& artefact = std::get<SealedMemory>(answer);
    EXPECT_TRUE(CompiledModule::load(engine(), artefact.bytes()));
  }
}

TEST(WorkerProcess, SaysWhyThereIsNoArtefact) {
  const auto process = ready_process();
  const auto answer = process->run(SealedMemory::copy_of("not wasm").value(), always);
  EXPECT_EQ(std::get<Error>(answer).code, ErrorCode::kInvalidModule);
  EXPECT_TRUE(process->is_alive());
}

TEST(WorkerProcess, Inspects) {
  const auto process = ready_process({.work = CompileWork::kInspect});
  const auto code = SealedMemory::copy_of(wasm_of(testing_engine::kSum)).value();
  const auto answer = process->run(code, always);
  const auto module = decode_report(std::get<SealedMemory>(answer).bytes()).value();
  EXPECT_NE(module.info.find_function("f"), nullptr);
  EXPECT_GT(module.cost.operators, 0U);
}

// Number and kind of each. One that is closed meanwhile may have a number alone.
std::set<std::string> open_files(pid_t pid) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    std::error_code closed;
    files.insert(entry.path().filename().string() + " " +
                 std::filesystem::read_symlink(entry.path(), closed).string().substr(0, 7));
  }
  return files;
}

TEST(WorkerProcess, HasNothingOfItsParent) {
  const Descriptor inherited(dup(STDERR_FILENO));  // without close-on-exec
  const auto process = ready_process();
  const auto standard_error =
      "2 " + std::filesystem::read_symlink("/proc/self/fd/2").string().substr(0, 7);
  const std::set<std::string> expected{"0 /dev/nu", "1 /dev/nu", standard_error, "3 socket:"};
  // What the task before needed is closed after its answer.
  EXPECT_TRUE(eventually([&] { return open_files(process->pid()) == expected; }))
      << testing::PrintToString(open_files(process->pid()));
  setenv("WASM_SERVER_SECRET", "x", 1);
  EXPECT_EQ(read_proc(WorkerProcess::start({}).value()->pid(), "environ").find("SECRET"),
            std::string::npos);
  unsetenv("WASM_SERVER_SECRET");
}

TEST(WorkerProcess, MakesWayAndGetsNoPrivileges) {
  std::signal(SIGPIPE, SIG_IGN);  // as the server does
  const auto optimiser = ready_process({});
  const auto compiler = ready_process({.waited_for = true});
  for (const pid_t pid : {optimiser->pid(), compiler->pid()}) {
    EXPECT_EQ(getsid(pid), pid);
    EXPECT_EQ(status_field(pid, "NoNewPrivs"), "1");
    EXPECT_NE(read_proc(pid, "limits").find("Max core file size        0 "), std::string::npos);
    EXPECT_EQ(read_proc(pid, "oom_score_adj"), "1000\n");
    const auto ignored = std::stoull(status_field(pid, "SigIgn"), nullptr, 16);
    EXPECT_EQ(ignored & 1ULL << (SIGPIPE - 1), 0U);
  }
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(optimiser->pid())), 19);
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(compiler->pid())), 10);
}

TEST(WorkerProcess, EndsWithTheThreadThatStartedIt) {
  pid_t pid = 0;
  std::unique_ptr<WorkerProcess> process;
  std::thread([&] {
    process = ready_process();
    pid = process->pid();
  }).join();
  while (!has_ended(pid)) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_FALSE(process->is_alive());
}

TEST(WorkerProcess, EndsAndIsReapedWithItsOwner) {
  auto process = ready_process();
  const pid_t pid = process->pid();
  process.reset();
  EXPECT_NE(kill(pid, 0), 0);
}

class WorkerSlotTest : public testing::Test {
 protected:
  // Of a worker that does what `deed` says instead of compiling.
  static WorkerSlot::End unruly(const std::string& deed, const WorkerLimits& limits = {}) {
    WorkerSlot slot({.waited_for = true, .memory_bytes = 1U << 20}, limits,
                    std::string(testing_worker::kUnrulyCommand));
    return slot.run(deed, always);
  }
  static std::string reason_of(const WorkerSlot::End& end) {
    const auto* const error = std::get_if<Error>(&end);
    return error == nullptr ? "no error" : error->message;
  }
  static bool compiles(WorkerSlot& slot) {
    const auto end = slot.run(wasm_of(testing_engine::kSum), always);
    return std::holds_alternative<SealedMemory>(end);
  }
};

TEST_F(WorkerSlotTest, EndsWhatTakesTooMuchMemoryAndGoesOn) {
  WorkerSlot slot({.waited_for = true, .memory_bytes = 32U << 20}, {});
  ASSERT_TRUE(compiles(slot));
  const auto end = slot.run(module_of_nested_loops(5'000), always);
  ASSERT_EQ(reason_of(end), "compiling took more memory than 33554432 bytes");
  EXPECT_EQ(std::get<Error>(end).code, ErrorCode::kMemoryLimit);
  EXPECT_TRUE(compiles(slot));
}

TEST_F(WorkerSlotTest, EndsWhatTakesTooMuchTimeAndGoesOn) {
  WorkerSlot slot({.waited_for = true}, {.cpu = milliseconds(1'500)});
  const auto end = slot.run(module_of_nested_loops(100'000), always);
  EXPECT_EQ(reason_of(end), "compiling took more than 1.5 s of CPU time");
  EXPECT_EQ(std::get<Error>(end).code, ErrorCode::kInvalidModule);
  EXPECT_TRUE(compiles(slot));
}

TEST_F(WorkerSlotTest, CountsNoTimeOfFormerTasks) {
  WorkerSlot slot({.waited_for = true}, {.cpu = milliseconds(1'000)});
  ASSERT_TRUE(compiles(slot));
  const auto end = slot.run(module_of_nested_loops(100'000),
                            [&](nanoseconds cpu) { return cpu < milliseconds(700); });
  EXPECT_TRUE(std::holds_alternative<WorkerSlot::Stopped>(end));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(compiles(slot));
}

TEST_F(WorkerSlotTest, EndsWhatHangs) {
  EXPECT_EQ(reason_of(unruly("hang", {.idle = milliseconds(200)})),
            "compiling came to a standstill");
}

TEST_F(WorkerSlotTest, TakesWhatUsesTimeForNoHang) {
  EXPECT_EQ(reason_of(unruly("spin", {.cpu = milliseconds(600), .idle = milliseconds(500)})),
            "compiling took more than 0.6 s of CPU time");
}

TEST_F(WorkerSlotTest, SaysThatItCrashed) {
  for (const char* const deed : {"crash", "exit"}) {
    const auto end = unruly(deed);
    EXPECT_EQ(reason_of(end), "the compiler crashed") << deed;
    EXPECT_EQ(std::get<Error>(end).code, ErrorCode::kInvalidModule);
  }
}

TEST_F(WorkerSlotTest, TakesNoNonsense) {
  for (const char* const deed :
       {"nonsense", "no memory", "open memory", "no memfd", "too large", "error with memory"}) {
    EXPECT_EQ(reason_of(unruly(deed)), "the compiler broke down and answered nonsense") << deed;
  }
}

TEST_F(WorkerSlotTest, HasANewProcessAfterOneThatWasKilledWhileIdle) {
  WorkerSlot slot({.waited_for = true}, {});
  ASSERT_TRUE(slot.prepare_ahead());
  ASSERT_TRUE(compiles(slot));
  const int before = slot.socket();
  ASSERT_TRUE(slot.prepare_ahead());
  EXPECT_EQ(slot.socket(), before);
  ASSERT_EQ(kill(slot.pid(), SIGKILL), 0);
  while (!has_ended(slot.pid())) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(compiles(slot));
}

TEST_F(WorkerSlotTest, TriesOnceMoreWhatSomebodyElseKilled) {
  WorkerSlot slot({.waited_for = true}, {});
  int asked = 0;
  const auto kill_once = [&](nanoseconds) {
    if (++asked == 5) kill(slot.pid(), SIGKILL);
    return asked < 30;
  };
  const auto end = slot.run(module_of_nested_loops(100'000), kill_once);
  EXPECT_TRUE(std::holds_alternative<WorkerSlot::Stopped>(end)) << reason_of(end);
  const auto kill_always = [&](nanoseconds) { return kill(slot.pid(), SIGKILL) == 0; };
  EXPECT_EQ(reason_of(slot.run(module_of_nested_loops(100'000), kill_always)),
            "the compiler was killed by the system, twice");
}

TEST_F(WorkerSlotTest, StopsAtOnce) {
  WorkerSlot slot({.waited_for = true}, {});
  ASSERT_TRUE(compiles(slot));
  std::atomic<bool> began{false};
  std::chrono::steady_clock::time_point stopped;
  std::thread stopper([&] {
    began.wait(false);
    stopped = std::chrono::steady_clock::now();
    slot.stop();
  });
  const auto end = slot.run(module_of_nested_loops(100'000), [&](nanoseconds) {
    began = true;
    began.notify_one();
    return true;
  });
  stopper.join();
  EXPECT_TRUE(std::holds_alternative<WorkerSlot::Stopped>(end)) << reason_of(end);
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(2));
  EXPECT_TRUE(compiles(slot));
}

}  // namespace
}  // namespace wasm_server
