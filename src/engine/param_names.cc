#include "engine/param_names.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "base/utf8.h"
#include "engine/binary_reader.h"

namespace wasm_server {
namespace {

constexpr std::uint8_t kLocalNames = 2;
constexpr std::size_t kMostBytes =
    128;  // a function may be exported many times, each with its names

struct GivenName {
  std::size_t function;  // its place among the exported ones
  std::uint32_t param;
  std::string_view name;
};

// "p" and digits
bool looks_like_default(std::string_view name) {
  return name.starts_with('p') && name.size() > 1 &&
         name.find_first_not_of("0123456789", 1) == name.npos;
}

bool is_usable(const GivenName& given) {
  if (given.name.empty() || given.name.size() > kMostBytes || !is_utf8(given.name)) return false;
  return !looks_like_default(given.name) || given.name == default_param_name(given.param);
}

// Places of exported functions, ordered by function index: where one function is exported under
// several names, these stand together, the first export first.
class PlacesByIndex {
 public:
  explicit PlacesByIndex(std::span<const std::uint32_t> indexes)
      : indexes_(indexes), places_(indexes.size()) {
    std::iota(places_.begin(), places_.end(), std::size_t{0});
    std::ranges::sort(places_, {},
                      [&](std::size_t place) { return std::pair(indexes_[place], place); });
  }

  std::optional<std::size_t> first_place(std::uint32_t index) const {
    const auto found = std::ranges::lower_bound(places_, index, {},
                                                [&](std::size_t place) { return indexes_[place]; });
    if (found == places_.end() || indexes_[*found] != index) return std::nullopt;
    return *found;
  }

  // Calls visit(first, other) for each further export of a function.
  template <class Visit>
  void for_each_repeated(Visit visit) const {
    std::size_t first = 0;
    for (std::size_t i = 1; i < places_.size(); ++i) {
      if (indexes_[places_[i]] != indexes_[places_[first]]) {
        first = i;
      } else {
        visit(places_[first], places_[i]);
      }
    }
  }

 private:
  std::span<const std::uint32_t> indexes_;
  std::vector<std::size_t> places_;
};

class NameReader {
 public:
  NameReader(const PlacesByIndex& places, const std::vector<FunctionInfo>& functions)
      : places_(places), functions_(functions) {}

  // Empty when the section is broken.
  std::vector<GivenName> read(std::string_view name_section) {
    BinaryReader section(name_section);
    while (section.ok() && !section.at_end()) {
      const std::uint8_t id = section.byte();
      BinaryReader subsection(section.bytes(section.u32()));
      if (id == kLocalNames && section.ok()) read_functions(subsection);
      if (!subsection.ok()) section.fail("broken subsection");
    }
    if (!section.ok()) given_.clear();
    return std::move(given_);
  }

 private:
  // Indexes must rise, which also keeps the work linear: nothing is named twice.
  static bool rises(BinaryReader& reader, std::int64_t& last, std::uint32_t index) {
    if (index <= last) reader.fail("indexes out of order");
    last = index;
    return reader.ok();
  }

  void read_functions(BinaryReader& reader) {
    const std::uint32_t count = reader.count();
    std::int64_t last = -1;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t index = reader.u32();
      if (!rises(reader, last, index)) return;
      read_locals(reader, places_.first_place(index));
    }
  }

  void read_locals(BinaryReader& reader, std::optional<std::size_t> place) {
    const std::size_t params = place ? functions_[*place].param.size() : 0;
    const std::uint32_t count = reader.count();
    std::int64_t last = -1;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t local = reader.u32();
      const std::string_view name = reader.name();
      if (!rises(reader, last, local)) return;
      if (local < params) given_.push_back({*place, local, name});
    }
  }

  const PlacesByIndex& places_;
  const std::vector<FunctionInfo>& functions_;
  std::vector<GivenName> given_;
};

// Of several parameters with one name, the first keeps it.
void keep_usable(std::vector<GivenName>& given) {
  std::erase_if(given, [](const GivenName& name) { return !is_usable(name); });
  std::ranges::sort(given, {}, [](const GivenName& name) {
    return std::tuple(name.function, name.name, name.param);
  });
  const auto repeated = std::ranges::unique(
      given, {}, [](const GivenName& name) { return std::tuple(name.function, name.name); });
  given.erase(repeated.begin(), repeated.end());
}

}  // namespace

std::string default_param_name(std::size_t place) { return 'p' + std::to_string(place); }

void name_params(std::string_view name_section, std::span<const std::uint32_t> indexes,
                 std::vector<FunctionInfo>& functions) {
  const PlacesByIndex places(indexes);
  std::vector<GivenName> given = NameReader(places, functions).read(name_section);
  keep_usable(given);
  for (const GivenName& name : given) functions[name.function].param[name.param].name = name.name;
  places.for_each_repeated([&](std::size_t first, std::size_t other) {
    functions[other].param = functions[first].param;
  });
}

}  // namespace wasm_server
