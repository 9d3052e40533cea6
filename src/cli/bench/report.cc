#include "cli/bench/report.h"

#include <charconv>
#include <thread>
#include <vector>

#include "base/json_text.h"
#include "cli/text/table.h"

namespace wasm_server::cli {
namespace {

// From so much of all cores on, what is measured is this program as well.
constexpr double kLargeShare = 0.35;

std::string decimal(double value, int digits) {
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits).ptr;
  return {text, end};
}

double millis(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double divided(double value, double by) { return by > 0 ? value / by : 0; }

double per_second(const LoadOutcome& load) {
  return divided(static_cast<double>(load.succeeded()), seconds(load.elapsed));
}

double calls(const LoadOutcome& load) {
  return static_cast<double>(load.succeeded() + load.failed());
}

double cpu_micros_per_call(const LoadOutcome& load) {
  return divided(millis(load.own_cpu) * 1000, calls(load));
}

double cores_used(const LoadOutcome& load) {
  return divided(seconds(load.own_cpu), seconds(load.elapsed));
}

unsigned cores() { return std::max(1U, std::thread::hardware_concurrency()); }

std::string latency_line(const Latencies& latencies) {
  std::string line;
  for (const auto& [name, part] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}})
    line += std::string(name) + " " + decimal(millis(latencies.quantile(part)), 3) + "  ";
  return line + "max " + decimal(millis(latencies.max()), 3) + " ms";
}

std::string server_line(const LoadOutcome& load) {
  const auto mean = [&](double sum) {
    return decimal(divided(sum, static_cast<double>(load.told)), 3);
  };
  return mean(load.server.total()) + " ms of a call (queue " + mean(load.server.queue) +
         ", instantiate " + mean(load.server.instantiate) + ", run " + mean(load.server.run) +
         "); the rest is HTTP, the network and this client";
}

std::string client_line(const LoadOutcome& load) {
  std::string line = decimal(cpu_micros_per_call(load), 1) + " us of CPU a call, " +
                     decimal(cores_used(load), 2) + " of " + std::to_string(cores()) + " cores";
  if (cores_used(load) > kLargeShare * cores())
    line += "; it is a bound of the rate itself, above all for a server on this machine";
  return line;
}

std::string failures_line(const LoadOutcome& load) {
  std::string line;
  for (const auto& [code, count] : load.failures)
    line += (line.empty() ? "" : ", ") + code + " " + std::to_string(count);
  return line;
}

}  // namespace

std::string load_text(const Terminal& terminal, const LoadOutcome& load, const LoadPlan& plan) {
  std::vector<std::vector<Cell>> rows;
  const auto add = [&rows](const char* name, std::string text, Colour colour = Colour::kNone) {
    rows.push_back({{name, Colour::kBold}, {std::move(text), colour}});
  };
  add("calls", std::to_string(load.succeeded()) + " in " + decimal(seconds(load.elapsed), 2) +
                   " s over " + std::to_string(plan.connections) + " connections");
  add("rate", decimal(per_second(load), 0) + " calls/s");
  add("latency", latency_line(load.latencies));
  if (load.told > 0) add("server", server_line(load));
  add("client", client_line(load));
  if (load.failures.empty()) {
    add("errors", "none");
  } else {
    add("errors", failures_line(load), Colour::kRed);
  }
  return table(terminal, rows);
}

std::string load_json(const LoadOutcome& load, const LoadPlan& plan) {
  const auto mean = [&](double sum) {
    return decimal(divided(sum, static_cast<double>(load.told)), 4);
  };
  const Latencies& latencies = load.latencies;
  const auto at = [&](double part) { return decimal(millis(latencies.quantile(part)), 4); };
  std::string json = "{\"calls\":" + std::to_string(load.succeeded()) +
                     ",\"seconds\":" + decimal(seconds(load.elapsed), 4) +
                     ",\"connections\":" + std::to_string(plan.connections) +
                     ",\"calls_per_s\":" + decimal(per_second(load), 1);
  json += ",\"latency_ms\":{\"mean\":" + decimal(millis(latencies.mean()), 4) +
          ",\"p50\":" + at(0.5) + ",\"p90\":" + at(0.9) + ",\"p99\":" + at(0.99) +
          ",\"max\":" + decimal(millis(latencies.max()), 4) + "}";
  json += ",\"server_ms\":";
  json += load.told == 0 ? "null"
                         : "{\"queue\":" + mean(load.server.queue) +
                               ",\"instantiate\":" + mean(load.server.instantiate) +
                               ",\"run\":" + mean(load.server.run) + "}";
  json += ",\"client\":{\"cpu_us_per_call\":" + decimal(cpu_micros_per_call(load), 2) +
          ",\"cores_used\":" + decimal(cores_used(load), 3) +
          ",\"cores\":" + std::to_string(cores()) + "},\"errors\":{";
  for (const auto& [code, count] : load.failures) {
    if (json.back() != '{') json += ',';
    append_json_string(json, code);
    json += ":" + std::to_string(count);
  }
  return json + "}}\n";
}

}  // namespace wasm_server::cli
