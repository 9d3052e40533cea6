#include "metrics/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace wasm_server {
namespace {

// The fields of /proc/self/stat behind the name, which may have spaces: the first one is the state
// (proc(5) counts it as the third).
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream rest(text.substr(std::min(text.rfind(')'), text.size() - 1) + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

double number(const std::vector<std::string>& fields, std::size_t of_proc5) {
  return std::stod(fields[of_proc5 - 3]);
}

// In seconds since 1970.
double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

void append_times_and_memory(Exposition& page) {
  constexpr std::size_t kUserTicks = 14, kSystemTicks = 15, kStart = 22, kVirtual = 23, kPages = 24;
  const auto fields = stat_fields();
  if (fields.size() <= kPages) return;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  page.counters("process_cpu_seconds_total", "User and system CPU time of all threads.");
  page.sample((number(fields, kUserTicks) + number(fields, kSystemTicks)) / ticks);
  page.gauges("process_start_time_seconds", "When the process was started, in Unix time.");
  page.sample(boot_time() + number(fields, kStart) / ticks);
  page.gauges("process_virtual_memory_bytes", "Address space that is mapped.");
  page.sample(number(fields, kVirtual));
  page.gauges("process_resident_memory_bytes", "Memory that is in use.");
  page.sample(number(fields, kPages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
}

void append_files(Exposition& page) {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (!error) {
    page.gauges("process_open_fds", "Open file descriptors.");
    page.sample(static_cast<double>(std::distance(begin(files), end(files))));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  page.gauges("process_max_fds", "File descriptors that may be open.");
  page.sample(static_cast<double>(limit.rlim_cur));
}

}  // namespace

void append_process_stats(Exposition& page) {
  append_times_and_memory(page);
  append_files(page);
}

}  // namespace wasm_server
