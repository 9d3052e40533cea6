#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "compile/artefacts.h"
#include "compile/compiler.h"
#include "services/module_cache.h"
#include "store/module_repository.h"

namespace wasm_server {

// After a start: loads the compiled code that was used last before it, latest first, so that who
// calls next does not feel the restart. Once, on a thread of low priority, and within bounds that
// are small beside those of the cache. What cannot be loaded is passed over; nothing is compiled.
//
// What it loads is code by digest; which module has it, if any still does, is read by the first
// call. Code that is not stored any more does not stay. Safe from any thread.
class Preloader {
 public:
  struct Bounds {
    std::size_t codes;
    std::uint64_t bytes;  // of artefacts
  };

  // All outlive it.
  Preloader(const ModuleRepository& store, Artefacts& artefacts, Compiler& compiler,
            ModuleCache& modules, Bounds bounds)
      : store_(store),
        artefacts_(artefacts),
        compiler_(compiler),
        modules_(modules),
        bounds_(bounds) {}
  ~Preloader() { stop(); }
  Preloader(const Preloader&) = delete;
  Preloader& operator=(const Preloader&) = delete;

  void start();
  // Waits for the load that is under way, if any, and gives up the rest.
  void stop();

  // Before a stop, when no more calls come: what was executed last is what the next start loads.
  void remember() const;

 private:
  void run();
  bool preload(const Digest& digest);

  const ModuleRepository& store_;
  Artefacts& artefacts_;
  Compiler& compiler_;
  ModuleCache& modules_;
  const Bounds bounds_;

  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace wasm_server
