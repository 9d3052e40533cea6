#pragma once

// A Compiler with real workers, for the tests of it.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "compile/artefacts.h"
#include "compile/compiler.h"
#include "testing/engine_fixture.h"
#include "testing/hostile_modules.h"
#include "testing/temporary_directory.h"
#include "testing/unruly_worker.h"

namespace wasm_server {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_engine::engine;
using Compiled = Result<std::shared_ptr<const CompiledModule>>;

inline constexpr microseconds kShort = milliseconds(1);
inline constexpr microseconds kLong = seconds(10);

class CompilerTest : public testing::Test {
 protected:
  static CompilerSettings settings(std::size_t queue = 100) { return {.queue = queue}; }

  // `expected`: what the checker said.
  std::future<Compiled> compile(Compiler& compiler, const SharedBytes& code,
                                microseconds expected = kShort) {
    auto load = [this, code]() -> Result<SharedBytes> {
      ++loads_;
      return code;
    };
    return compile(compiler, {sha256(*code), code->size(), expected}, load);
  }
  std::future<Compiled> compile(Compiler& compiler, const CompileSubject& subject,
                                std::function<Result<SharedBytes>()> load) {
    auto promise = std::make_shared<std::promise<Compiled>>();
    compiler.compile(subject, std::move(load),
                     [promise](Compiled compiled) { promise->set_value(std::move(compiled)); });
    return promise->get_future();
  }
  static CompileSubject subject_of(const SharedBytes& code) {
    return {sha256(*code), code->size(), kShort};
  }
  // Another module for each number.
  static Bytes constant_module(int number) {
    return testing_engine::wasm_of("(module (func (export \"f\") (result i32) i32.const " +
                                   std::to_string(number) + "))");
  }
  static void prepare(Compiler& compiler, const SharedBytes& code, microseconds expected = kShort) {
    compiler.prepare({sha256(*code), code->size(), expected},
                     [code]() -> Result<SharedBytes> { return code; });
  }
  static Digest digest_of(std::uint8_t number) {
    Digest digest{};
    digest.bytes[0] = number;
    return digest;
  }
  static SharedBytes shared(Bytes bytes) { return std::make_shared<const Bytes>(std::move(bytes)); }

  void save_artefact(const SharedBytes& code) const {
    const auto module = CompiledModule::compile(engine(), *code).value();
    ASSERT_TRUE(artefacts_->save(sha256(*code), module->serialize().value()));
  }
  // The only one that is there.
  void spoil_artefact() const {
    const auto file = *std::filesystem::directory_iterator(temporary_.path() / "a");
    std::ofstream(file.path(), std::ios::binary | std::ios::app) << "x";
  }

  // Gives the code when that was said.
  Compiler::Load load_after(std::promise<void>& go_on) {
    return [this, held = go_on.get_future().share()]() -> Result<SharedBytes> {
      held.wait();
      return code_;
    };
  }

  void wait_until_ready(const Compiler& compiler, const Digest& digest) const {
    while (compiler.status(digest).state == CompileState::kCompiling) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // leaves it the core
    }
  }

  TemporaryDirectory temporary_;
  std::unique_ptr<Artefacts> artefacts_ =
      Artefacts::open((temporary_.path() / "a").string(), engine(), "secret").value();
  SharedBytes code_ = shared(testing_engine::wasm_of(testing_engine::kSum));
  std::atomic<int> loads_{0};
};

}  // namespace wasm_server
