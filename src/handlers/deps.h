#pragma once

#include "engine/compiler.h"
#include "engine/engine.h"
#include "handlers/answer_memory.h"
#include "handlers/blob_cache.h"
#include "handlers/code_checker.h"
#include "handlers/helper_pool.h"
#include "handlers/limits.h"
#include "handlers/readiness.h"
#include "jobs/channel.h"
#include "store/store.h"

namespace wasm_server {

// What the handlers work with. Shared by all workers; everything in it is safe from any thread and
// outlives the routers.
struct HandlerDeps {
  Store& store;
  JobChannel& channel;
  const Engine& engine;
  Compiler& compiler;
  CodeChecker& code_checker;
  HelperPool& helpers;
  BlobCache& blobs;
  AnswerMemory& answers;
  const LimitsConfig& limits;
  const Readiness& readiness;
};

}  // namespace wasm_server
