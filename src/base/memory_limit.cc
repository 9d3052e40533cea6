#include "base/memory_limit.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_server {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

// Which file of a group has its limit, and how the lines of /proc name its hierarchy.
struct Version {
  int number;
  std::string_view file_system;
  std::string_view limit_file;
};
constexpr Version kV1{1, "cgroup", "memory.limit_in_bytes"};
constexpr Version kV2{2, "cgroup2", "memory.max"};

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream input(file);
  for (std::string line; std::getline(input, line);) lines.push_back(std::move(line));
  return lines;
}

// kNone for "max" and for what is no number.
std::uint64_t number_at(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end != text.data() ? number : kNone;
}

std::uint64_t limit_in(const fs::path& file) {
  const auto lines = lines_of(file);
  return lines.empty() ? kNone : number_at(lines.front());
}

std::uint64_t machine_memory(const fs::path& root) {
  constexpr std::string_view kTotal = "MemTotal:";
  for (const std::string& line : lines_of(root / "proc/meminfo")) {
    if (!line.starts_with(kTotal)) continue;
    const auto digits = line.find_first_not_of(' ', kTotal.size());
    const auto kib = digits == line.npos ? kNone : number_at(std::string_view(line).substr(digits));
    if (kib < kNone / 1024) return kib * 1024;
  }
  return kNone;
}

bool has_item(std::string_view list, std::string_view item) {
  for (std::size_t at = 0; at <= list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    if (list.substr(at, end - at) == item) return true;
    at = end + 1;
  }
  return false;
}

// The process's group in the hierarchy, from /proc/self/cgroup: "4:memory:/a/b" of version 1,
// "0::/a/b" of version 2.
std::optional<std::string> group_of(const fs::path& root, const Version& version) {
  for (const std::string& line : lines_of(root / "proc/self/cgroup")) {
    const auto first = line.find(':');
    const auto second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const bool is_it = version.number == 2 ? controllers.empty() && line.starts_with("0:")
                                           : has_item(controllers, "memory");
    if (is_it) return line.substr(second + 1);
  }
  return std::nullopt;
}

// Where a hierarchy is mounted, and which of its groups stands there: in a container not the first.
struct Mount {
  std::string group;
  std::string place;
};

// From /proc/self/mountinfo: "id parent device root place options [optional ...] - type source
// super-options".
std::optional<Mount> mount_of(const fs::path& root, const Version& version) {
  for (const std::string& line : lines_of(root / "proc/self/mountinfo")) {
    const auto dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::istringstream before(line.substr(0, dash));
    std::istringstream after(line.substr(dash + 3));
    std::string skipped, type, options;
    Mount mount;
    before >> skipped >> skipped >> skipped >> mount.group >> mount.place;
    after >> type >> skipped >> options;
    if (type != version.file_system) continue;
    if (version.number == 2 || has_item(options, "memory")) return mount;
  }
  return std::nullopt;
}

// The least limit of the group and all above it, as far as they can be seen from here.
std::uint64_t group_limit(const fs::path& root, const Version& version) {
  const auto group = group_of(root, version);
  const auto mount = mount_of(root, version);
  if (!group || !mount) return kNone;
  const fs::path top = root / fs::path(mount->place).relative_path();
  // In a container the group's name may begin above what is mounted; then that is the group.
  fs::path below = fs::path(*group).lexically_relative(mount->group);
  if (below.empty() || *below.begin() == "..") below = ".";
  std::uint64_t least = limit_in(top / version.limit_file);
  fs::path at = top;
  for (const fs::path& part : below) {
    at /= part;
    least = std::min(least, limit_in(at / version.limit_file));
  }
  return least;
}

}  // namespace

std::uint64_t memory_limit(const fs::path& root) {
  const std::uint64_t least =
      std::min({machine_memory(root), group_limit(root, kV1), group_limit(root, kV2)});
  return least == kNone ? 0 : least;
}

}  // namespace wasm_server
