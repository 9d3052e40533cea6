#pragma once

#include "handlers/deps.h"
#include "http/filter.h"
#include "http/router.h"
#include "metrics/server_metrics.h"

namespace wasm_server {

// GET /metrics. The page is written beside the event loops.
void register_metrics(Router& router, const HandlerDeps& deps);

// The names of the routes, by number; the last is for what has none.
std::vector<std::string> metric_routes();

// Counts the requests of one worker, with their times.
class MetricsFilter final : public Filter {
 public:
  // `cells` outlives it.
  explicit MetricsFilter(RequestCells& cells) : cells_(cells) {}

  bool answers(Request& request, const Route* route, Reply& reply) override;
  void on_reply(const Request& request, const Route* route, Reply& reply) override;

 private:
  RequestCells& cells_;
};

}  // namespace wasm_server
