#pragma once

#include <atomic>

#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "handlers/modules/answer_memory.h"
#include "handlers/readiness.h"
#include "http/origin_rules.h"
#include "http/span_sink.h"
#include "metrics/server_metrics.h"
#include "model/limits.h"
#include "services/backups.h"
#include "services/execution_log.h"
#include "services/guest_secrets.h"
#include "services/helper_pool.h"
#include "services/modules.h"
#include "services/tokens.h"
#include "traces/span_queue.h"

namespace wasm_server {

// Requests a second: of each address, of each access token.
struct Rates {
  RateLimiter addresses;
  RateLimiter tokens;
};

// What the handlers work with. Shared by all workers; everything in it is safe from any thread and
// outlives the routers.
struct HandlerDeps {
  Modules& modules;
  Tokens& tokens;
  GuestSecrets& secrets;
  Backups& backups;
  Authenticator& authenticator;
  ServerMetrics& metrics;
  HelperPool& helpers;  // for what takes milliseconds: long bodies and answers
  AnswerMemory& answers;
  const ExecutionLog& executions;
  const LimitsConfig& limits;
  const Readiness& readiness;
  const OriginRules& origins;
  Rates& rates;
  const bool& open_without_tokens;      // see handlers/access_filter.h; set before any request
  const std::atomic<bool>& access_log;  // whether every request is logged
  SpanQueue* spans = nullptr;           // for traces; null: none are recorded
  SpanSink* span_sink = nullptr;        // goes with it
};

}  // namespace wasm_server
