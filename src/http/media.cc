#include "http/media.h"

#include <algorithm>

#include "base/text.h"

namespace wasm_server {
namespace {

// The text up to the next `separator` that is not inside a quoted string; removes it from `rest`.
std::string_view next_item(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    if (quoted && rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      quoted = !quoted;
    } else if (rest[i] == separator && !quoted) {
      break;
    }
  }
  const std::string_view item = rest.substr(0, i);
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return trim(item);
}

// weight = "0" [ "." 0*3DIGIT ] / "1" [ "." 0*3("0") ]; more digits and a missing "0" are
// tolerated. -1: not a weight.
double parse_weight(std::string_view text) {
  double value = 0;
  double unit = 1;
  bool fraction = false;
  bool digits = false;
  for (const char c : text) {
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      digits = true;
      if (fraction) unit /= 10;
      value = fraction ? value + unit * (c - '0') : value * 10 + (c - '0');
    } else {
      return -1;
    }
  }
  return digits && value <= 1 ? value : -1;
}

// Its weight is -1 when that is malformed.
MediaRange parse_range(std::string_view element) {
  MediaRange range;
  range.type = next_item(element, ';');
  while (!element.empty()) {
    const std::string_view parameter = next_item(element, ';');
    if (parameter.empty()) continue;
    const std::size_t equals = parameter.find('=');
    const std::string_view name = trim(parameter.substr(0, equals));
    if (!equals_lower(name, "q")) {
      range.has_parameters = true;
      continue;
    }
    range.weight = equals == parameter.npos ? -1 : parse_weight(trim(parameter.substr(equals + 1)));
    break;  // what follows q are extensions, which say nothing about the type
  }
  return range;
}

// 3: that very type, 2: type/*, 1: any; 0: no match.
int specificity(std::string_view range, std::string_view lower_type) {
  if (range == "*/*" || range == "*") return 1;
  if (equals_lower(range, lower_type)) return 3;
  const std::size_t slash = lower_type.find('/');
  if (slash == lower_type.npos || !range.ends_with("/*")) return 0;
  range.remove_suffix(1);
  return equals_lower(range, lower_type.substr(0, slash + 1)) ? 2 : 0;
}

}  // namespace

std::string media_type(std::string_view content_type) {
  return to_lower(next_item(content_type, ';'));
}

Accept::Accept(std::string_view header, Parameters parameters) {
  std::size_t seen = 0;
  while (!header.empty() && seen < kMaxRanges) {
    const std::string_view element = next_item(header, ',');
    if (element.empty()) continue;
    ++seen;
    const MediaRange range = parse_range(element);
    const bool matches_nothing = range.has_parameters && parameters == Parameters::kMatchNothing;
    if (range.weight >= 0 && !matches_nothing) ranges_.push_back(range);
  }
  admits_all_ = seen == 0;
}

double Accept::quality(std::string_view type) const {
  if (admits_all_) return 1;
  int best = 0;
  double weight = 0;
  for (const MediaRange& range : ranges_) {
    const int match = specificity(range.type, type);
    if (match > best || (match == best && match > 0 && range.weight > weight))
      weight = range.weight;
    best = std::max(best, match);
  }
  return weight;
}

}  // namespace wasm_server
