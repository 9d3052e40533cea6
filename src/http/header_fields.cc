#include "http/header_fields.h"

#include <cstring>
#include <utility>

namespace wasm_server {
namespace {

// Two or three fields fit in.
constexpr std::size_t kUsualSize = 160;

constexpr auto kEndsLine = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };

// Of all at once, which the compiler turns into a few vector operations.
bool has_line_end(std::string_view text) {
  bool found = false;
  for (const char c : text) found |= kEndsLine(c);
  return found;
}

}  // namespace

std::size_t HeaderFields::begin_field(std::string_view name) {
  if (text_.empty()) text_.reserve(kUsualSize);
  const std::size_t start = text_.size();
  text_.append(sizeof(Sizes), '\0');
  text_ += name;
  return start;
}

void HeaderFields::end_field(std::size_t start, std::size_t name_size) {
  const std::size_t value_start = start + sizeof(Sizes) + name_size;
  if (has_line_end(std::string_view(text_).substr(value_start))) {
    const auto value = text_.begin() + static_cast<std::ptrdiff_t>(value_start);
    text_.erase(std::remove_if(value, text_.end(), kEndsLine), text_.end());
  }
  const Sizes sizes{static_cast<std::uint32_t>(name_size),
                    static_cast<std::uint32_t>(text_.size() - value_start)};
  std::memcpy(text_.data() + start, &sizes, sizeof sizes);
}

HeaderFields::Sizes HeaderFields::Iterator::sizes() const {
  Sizes sizes{};
  std::memcpy(&sizes, at_, sizeof sizes);
  return sizes;
}

HeaderFields::Field HeaderFields::Iterator::operator*() const {
  const Sizes size = sizes();
  const char* const name = at_ + sizeof(Sizes);
  return {{name, size.name}, {name + size.name, size.value}};
}

HeaderFields::Iterator& HeaderFields::Iterator::operator++() {
  const Sizes size = sizes();
  at_ += sizeof(Sizes) + size.name + size.value;
  return *this;
}

HeaderFields::Iterator HeaderFields::Iterator::operator++(int) {
  const Iterator before = *this;
  ++*this;
  return before;
}

}  // namespace wasm_server
