#pragma once

#include <condition_variable>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "compile/artefacts.h"
#include "store/module_repository.h"

namespace wasm_server {

// Removes the artefacts of code that is not stored any more: at first of all that lie there (a
// crash may come between a commit and its removal), then of what it is told of. On a thread of low
// priority, so that many artefacts cost the start nothing. The store is asked just before
// each removal: code that was stored again keeps its artefact, and where that happens in the very
// moment of the removal, the artefact is only compiled again. Safe from any thread.
class ArtefactSweeper {
 public:
  // Both outlive it.
  ArtefactSweeper(const ModuleRepository& store, const Artefacts& artefacts)
      : store_(store), artefacts_(artefacts) {}
  ~ArtefactSweeper() { stop(); }
  ArtefactSweeper(const ArtefactSweeper&) = delete;
  ArtefactSweeper& operator=(const ArtefactSweeper&) = delete;

  void start();
  // What was not looked at yet is left to the next start.
  void stop();

  // For code that a commit has just freed, and for artefacts that were just written: their code may
  // have been freed meanwhile. Does not wait; beyond a bound, they are left to the next start.
  void look_at(std::span<const Digest> digests);

 private:
  void run();
  bool stopping() const;

  const ModuleRepository& store_;
  const Artefacts& artefacts_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Digest> told_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::thread thread_;
};

}  // namespace wasm_server
