#include "handlers/metrics/metrics.h"

#include <chrono>
#include <functional>
#include <utility>

#include "handlers/route_table.h"

namespace wasm_server {
namespace {

Task<Reply> get_metrics(const HandlerDeps& deps, Request& request) {
  std::move_only_function<Result<Bytes>()> write = [metrics = &deps.metrics]() -> Result<Bytes> {
    return metrics->page();
  };
  auto writing = deps.helpers.run<Bytes>(std::move(write));
  Result<Bytes> text = co_await std::move(writing);
  if (!text) co_return problem(text.error(), request.request_id);
  Reply reply;
  reply.content_type = Exposition::kContentType;
  reply.body = *std::move(text);
  co_return reply;
}

std::size_t number_of(const Route* route) {
  const auto routes = route_table();
  return route == nullptr ? routes.size() : static_cast<std::size_t>(route - routes.data());
}

}  // namespace

void register_metrics(Router& router, const HandlerDeps& deps) {
  router.bind("get_metrics", [&deps](Request& request) { return get_metrics(deps, request); });
}

std::vector<std::string> metric_routes() {
  std::vector<std::string> names;
  for (const Route& route : route_table()) names.emplace_back(route.name);
  names.emplace_back("none");
  return names;
}

bool MetricsFilter::answers(Request& request, const Route*, Reply&) {
  request.began = std::chrono::steady_clock::now();
  return false;
}

// What never became a request took no time.
void MetricsFilter::on_reply(const Request& request, const Route* route, Reply& reply) {
  const bool has_begun = request.began != std::chrono::steady_clock::time_point{};
  const auto time = has_begun ? std::chrono::steady_clock::now() - request.began
                              : std::chrono::steady_clock::duration{0};
  cells_.add(number_of(route), reply.status, time);
}

}  // namespace wasm_server
