#include "testing/unruly_worker.h"

#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <thread>

#include "base/file_io.h"
#include "compile/worker/message_socket.h"
#include "compile/worker/protocol.h"
#include "compile/worker/sealed_memory.h"
#include "compile/worker/worker_main.h"

namespace wasm_server::testing_worker {

namespace {

void say(std::string_view bytes, int file = -1) { send_message(kWorkerSocket, bytes, file); }

void sleep_for_ever() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

void spin_for_ever() {
  volatile unsigned turns = 0;
  while (true) turns = turns + 1;
}

void say_with_open_memory() {
  const int file = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  write_at(file, 0, "an artefact that will be changed");
  say(encode_done(), file);
}

const std::map<std::string_view, std::function<void()>>& deeds() {
  static const std::map<std::string_view, std::function<void()>> all{
      {"crash", [] { std::signal(SIGSEGV, SIG_DFL), std::raise(SIGSEGV); }},
      {"exit", [] { std::_Exit(0); }},
      {"hang", sleep_for_ever},
      {"spin", spin_for_ever},
      {"nonsense", [] { say("\xff\xff\xff nonsense"); }},
      {"too long", [] { say(std::string(kMaxMessage + 1, 'x')); }},
      {"no memory", [] { say(encode_done()); }},
      {"open memory", say_with_open_memory},
      {"no memfd", [] { say(encode_done(), STDERR_FILENO); }},
      {"too large",
       [] { say(encode_done(), SealedMemory::copy_of(std::string(2U << 20, 'x'))->file()); }},
      {"error with memory",
       [] {
         say(encode_failed({ErrorCode::kInvalidModule, "x"}), SealedMemory::copy_of("x")->file());
       }},
      {"deaf",
       [] {
         close(kWorkerSocket);
         sleep_for_ever();
       }},
  };
  return all;
}

}  // namespace

int unruly_worker_main() {
  receive_message(kWorkerSocket);
  say(encode_ready());
  auto task = receive_message(kWorkerSocket);
  if (!task) return EXIT_SUCCESS;
  const auto code = SealedMemory::adopt(std::move(task->file), 1U << 20).value();
  deeds().at(code.bytes())();
  sleep_for_ever();
  return EXIT_SUCCESS;
}

}  // namespace wasm_server::testing_worker
