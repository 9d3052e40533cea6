// The main function of test programs whose server has compile workers: those are the same program,
// started again.

#include <string_view>

#include <gtest/gtest.h>

#include "compile/worker/worker_main.h"
#include "testing/unruly_worker.h"

int main(int argc, char** argv) {
  using namespace wasm_server;
  const std::string_view command = argc == 2 ? argv[1] : "";
  if (command == kCompileWorkerCommand) return compile_worker_main();
  if (command == testing_worker::kUnrulyCommand) return testing_worker::unruly_worker_main();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
