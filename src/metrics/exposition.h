#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/cells.h"

namespace wasm_server {

// A page of metrics in Prometheus's text format (0.0.4), which the library of that name writes.
class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Exposition();
  ~Exposition();
  Exposition(const Exposition&) = delete;
  Exposition& operator=(const Exposition&) = delete;

  // The samples that follow are of this family, until the next one begins. Names have their unit
  // behind them, counters then _total.
  void counters(std::string name, std::string help);
  void gauges(std::string name, std::string help);
  void histograms(std::string name, std::string help);

  void sample(double value, const Labels& labels = {});
  void sample(const Durations& durations, const Labels& labels = {});

  std::string text() const;

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace wasm_server
