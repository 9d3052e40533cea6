#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/execution_cells.h"
#include "metrics/exposition.h"
#include "metrics/request_cells.h"
#include "metrics/top_modules.h"

namespace wasm_server {

// What one worker counts.
struct WorkerCells {
  explicit WorkerCells(std::size_t routes) : requests(routes) {}

  RequestCells requests;
  ExecutionCells executions;
};

// All that the server counts and measures, for a scrape. Its workers and measurements are added
// before requests are served; page() may then be called from any thread, and takes a few
// milliseconds.
class ServerMetrics {
 public:
  // `routes`: their names, by number.
  explicit ServerMetrics(std::vector<std::string> routes) : routes_(std::move(routes)) {}

  // Lives as long as this.
  WorkerCells& add_worker();

  // Appends families of its own when it is asked; from any thread.
  using Measure = std::function<void(Exposition&)>;
  void add(Measure measure) { measures_.push_back(std::move(measure)); }
  // One number.
  void add_gauge(std::string name, std::string help, std::function<double()> read);
  void add_counter(std::string name, std::string help, std::function<double()> read);

  // In Prometheus's text format.
  std::string page();

 private:
  void append_requests(Exposition& page) const;
  void append_executions(Exposition& page);

  const std::vector<std::string> routes_;
  std::vector<std::unique_ptr<WorkerCells>> workers_;
  std::vector<Measure> measures_;
  std::mutex mutex_;
  TopModules top_modules_;  // guarded by mutex_
};

}  // namespace wasm_server
