#include "metrics/server_metrics.h"

#include <utility>

#include "metrics/process_stats.h"

namespace wasm_server {
namespace {

constexpr double kNanosecond = 1e-9;

double seconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) * kNanosecond; }

// Each module's, and of all others together, whose label no id can be.
template <class Add>
void for_each_module(const TopModules::Split& split, Add add) {
  for (const auto& [module, totals] : split.modules) add(module, totals);
  add("(others)", split.others);
}

void append_module_seconds(Exposition& page, const TopModules::Split& split, const char* name,
                           const char* help, std::uint64_t ExecutionTotals::* nanoseconds) {
  page.counters(name, help);
  for_each_module(split, [&](const std::string& module, const ExecutionTotals& totals) {
    page.sample(seconds(totals.*nanoseconds), {{"module", module}});
  });
}

}  // namespace

WorkerCells& ServerMetrics::add_worker() {
  workers_.push_back(std::make_unique<WorkerCells>(routes_.size()));
  return *workers_.back();
}

void ServerMetrics::add_gauge(std::string name, std::string help, std::function<double()> read) {
  add([name = std::move(name), help = std::move(help), read = std::move(read)](Exposition& page) {
    page.gauges(name, help);
    page.sample(read());
  });
}

void ServerMetrics::add_counter(std::string name, std::string help, std::function<double()> read) {
  add([name = std::move(name), help = std::move(help), read = std::move(read)](Exposition& page) {
    page.counters(name, help);
    page.sample(read());
  });
}

std::string ServerMetrics::page() {
  Exposition page;
  append_requests(page);
  {
    const std::lock_guard lock(mutex_);
    append_executions(page);
  }
  for (const Measure& measure : measures_) measure(page);
  append_process_stats(page);
  return page.text();
}

void ServerMetrics::append_requests(Exposition& page) const {
  std::vector<RequestCells::RouteTotals> totals(routes_.size());
  for (const auto& worker : workers_) worker->requests.add_to(totals);
  page.counters("wasm_server_http_requests_total", "Requests that were answered.");
  for (std::size_t route = 0; route < routes_.size(); ++route) {
    for (std::size_t i = 0; i < kCountedStatuses.size(); ++i) {
      const std::uint64_t count = totals[route].counts[i];
      if (count == 0) continue;
      const std::string code =
          kCountedStatuses[i] == 0 ? "other" : std::to_string(kCountedStatuses[i]);
      page.sample(static_cast<double>(count), {{"route", routes_[route]}, {"code", code}});
    }
  }
  page.histograms("wasm_server_http_request_duration_seconds",
                  "From a request's header to the beginning of its answer.");
  for (std::size_t route = 0; route < routes_.size(); ++route)
    page.sample(totals[route].times, {{"route", routes_[route]}});
}

void ServerMetrics::append_executions(Exposition& page) {
  ExecutionCells::Totals totals;
  for (const auto& worker : workers_) worker->executions.add_to(totals);
  const TopModules::Split split = top_modules_.split(totals);
  page.counters("wasm_server_executions_total", "Executions that ended, by module and how.");
  for_each_module(split, [&page](const std::string& module, const ExecutionTotals& counted) {
    for (std::size_t i = 0; i < kOutcomeNames.size(); ++i) {
      if (counted.outcomes[i] == 0) continue;
      page.sample(static_cast<double>(counted.outcomes[i]),
                  {{"module", module}, {"outcome", kOutcomeNames[i]}});
    }
  });
  append_module_seconds(page, split, "wasm_server_execution_queued_seconds_total",
                        "Time that executions waited to be let in.", &ExecutionTotals::queued_ns);
  append_module_seconds(page, split, "wasm_server_execution_instantiate_seconds_total",
                        "Time in which instances were made.", &ExecutionTotals::instantiate_ns);
  append_module_seconds(page, split, "wasm_server_execution_run_seconds_total",
                        "Time from an instance to its end.", &ExecutionTotals::run_ns);
  page.gauges("wasm_server_execution_memory_peak_bytes",
              "The most memory that one execution of the module has had.");
  for (const auto& [module, counted] : split.modules)
    page.sample(static_cast<double>(counted.memory_peak), {{"module", module}});
  page.histograms("wasm_server_execution_run_seconds", "The same, of each execution.");
  page.sample(totals.run);
}

}  // namespace wasm_server
