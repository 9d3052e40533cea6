#pragma once

#include "auth/authenticator.h"
#include "compile/artefact_sweeper.h"
#include "compile/compiler.h"
#include "jobs/wasm_job.h"
#include "services/execution_log.h"
#include "services/module_cache.h"
#include "store/module_repository.h"

namespace wasm_server {

// What follows from a committed job on every node that applies it, whoever asked for the change:
// new code is compiled, what is not current any more is forgotten, what is freed is removed, tokens
// hold as they are now. Runs
// on the runner's thread and does not wait.
class AfterCommit {
 public:
  // All outlive it.
  AfterCommit(const ModuleRepository& store, Compiler& compiler, ModuleCache& modules,
              ArtefactSweeper& sweeper, Authenticator& authenticator, ExecutionLog& executions)
      : store_(store),
        compiler_(compiler),
        modules_(modules),
        sweeper_(sweeper),
        authenticator_(authenticator),
        executions_(executions) {}

  void operator()(const WasmJob& job, const JobResult& result) const;

 private:
  void compile(const WasmMetaData& meta_data) const;

  const ModuleRepository& store_;
  Compiler& compiler_;
  ModuleCache& modules_;
  ArtefactSweeper& sweeper_;
  Authenticator& authenticator_;
  ExecutionLog& executions_;
};

}  // namespace wasm_server
