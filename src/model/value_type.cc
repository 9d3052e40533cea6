#include "model/value_type.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace wasm_server {

struct ValueType::Parts {
  explicit Parts(std::vector<Part> given)
      : parts(std::move(given)),
        are_data(std::ranges::all_of(parts, has_data)),
        by_name(parts.size()) {
    std::iota(by_name.begin(), by_name.end(), std::size_t{0});
    std::ranges::sort(by_name, {}, [this](std::size_t place) { return name_of(place); });
  }

  static bool has_data(const Part& part) { return !part.type || part.type->is_data(); }

  std::string_view name_of(std::size_t place) const { return parts[place].name; }

  const std::vector<Part> parts;
  const bool are_data;
  std::vector<std::size_t> by_name;  // places, in the order of their names
};

ValueType::ValueType(Kind kind, std::vector<Part> parts)
    : kind_(kind), parts_(std::make_shared<const Parts>(std::move(parts))) {}

bool ValueType::is_data() const { return kind_ < kOwn && (parts_ == nullptr || parts_->are_data); }

std::span<const ValueType::Part> ValueType::parts() const {
  return parts_ == nullptr ? std::span<const Part>{} : std::span<const Part>(parts_->parts);
}

std::optional<std::size_t> ValueType::find(std::string_view name) const {
  if (parts_ == nullptr) return std::nullopt;
  const auto name_of = [this](std::size_t place) { return parts_->name_of(place); };
  const auto found = std::ranges::lower_bound(parts_->by_name, name, {}, name_of);
  if (found == parts_->by_name.end() || name_of(*found) != name) return std::nullopt;
  return *found;
}

bool operator==(const ValueType& left, const ValueType& right) {
  if (left.kind_ != right.kind_) return false;
  return left.parts_ == right.parts_ || std::ranges::equal(left.parts(), right.parts());
}

}  // namespace wasm_server
