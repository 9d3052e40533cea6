#include "metrics/exposition.h"

#include <limits>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace wasm_server {

struct Exposition::Families {
  std::vector<prometheus::MetricFamily> all;

  void begin(std::string name, std::string help, prometheus::MetricType type) {
    all.push_back({std::move(name), std::move(help), type, {}});
  }
  prometheus::ClientMetric& add(const Labels& labels) {
    prometheus::ClientMetric& metric = all.back().metric.emplace_back();
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    return metric;
  }
};

Exposition::Exposition() : families_(std::make_unique<Families>()) {}
Exposition::~Exposition() = default;

void Exposition::counters(std::string name, std::string help) {
  families_->begin(std::move(name), std::move(help), prometheus::MetricType::Counter);
}

void Exposition::gauges(std::string name, std::string help) {
  families_->begin(std::move(name), std::move(help), prometheus::MetricType::Gauge);
}

void Exposition::histograms(std::string name, std::string help) {
  families_->begin(std::move(name), std::move(help), prometheus::MetricType::Histogram);
}

void Exposition::sample(double value, const Labels& labels) {
  prometheus::ClientMetric& metric = families_->add(labels);
  if (families_->all.back().type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void Exposition::sample(const Durations& durations, const Labels& labels) {
  prometheus::ClientMetric& metric = families_->add(labels);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < durations.buckets.size(); ++i) {
    count += durations.buckets[i];
    const double bound = i < kDurationBounds.size() ? static_cast<double>(kDurationBounds[i]) / 1e6
                                                    : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({count, bound});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = static_cast<double>(durations.nanoseconds) / 1e9;
}

std::string Exposition::text() const {
  return prometheus::TextSerializer{}.Serialize(families_->all);
}

}  // namespace wasm_server
