#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "base/text.h"

namespace wasm_server {

// The header or trailer fields of an answer, in the order in which they were added. They are data:
// only the writer of a version of HTTP gives them their form on the wire. All of them lie in one
// string, so that an answer allocates once however many it has.
class HeaderFields {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  class Iterator;

  // What would end a line (CR, LF, NUL) is dropped from the value.
  void add(std::string_view name, std::string_view value) {
    add_with(name, [value](std::string& out) { out += value; });
  }
  void add(std::string_view name, std::uint64_t value) {
    add_with(name, [value](std::string& out) { append_number(out, value); });
  }
  // The value is what `append(std::string& out)` appends to `out`.
  template <class Append>
  void add_with(std::string_view name, Append append) {
    const std::size_t start = begin_field(name);
    append(text_);
    end_field(start, name.size());
  }

  bool empty() const { return text_.empty(); }
  Iterator begin() const;
  Iterator end() const;

 private:
  // Of a field: its two sizes, its name, its value.
  struct Sizes {
    std::uint32_t name;
    std::uint32_t value;
  };

  std::size_t begin_field(std::string_view name);
  void end_field(std::size_t start, std::size_t name_size);

  std::string text_;
};

class HeaderFields::Iterator {
 public:
  using value_type = Field;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  explicit Iterator(const char* at) : at_(at) {}

  Field operator*() const;
  Iterator& operator++();
  Iterator operator++(int);
  bool operator==(const Iterator&) const = default;

 private:
  Sizes sizes() const;

  const char* at_ = nullptr;
};

static_assert(std::forward_iterator<HeaderFields::Iterator>);

inline HeaderFields::Iterator HeaderFields::begin() const { return Iterator(text_.data()); }
inline HeaderFields::Iterator HeaderFields::end() const {
  return Iterator(text_.data() + text_.size());
}

}  // namespace wasm_server
