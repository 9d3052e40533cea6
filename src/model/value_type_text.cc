// The text of a type (the rest of model/value_type.h is in value_type.cc).

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "model/value_type.h"

namespace wasm_server {
namespace {

using Kind = ValueType::Kind;
using Part = ValueType::Part;

// By Kind.
constexpr std::array<std::string_view, 32> kTexts = {
    "i32",   "i64",    "f32",    "f64",  "v128",   "funcref", "externref", "ref",
    "bool",  "s8",     "u8",     "s16",  "u16",    "s32",     "u32",       "s64",
    "u64",   "char",   "string", "list", "tuple",  "record",  "variant",   "enum",
    "flags", "option", "result", "own",  "borrow", "stream",  "future",    "error-context"};

enum class Form : std::uint8_t {
  kPlain,   // no parts
  kTypes,   // <a, b>
  kNames,   // { a, b }, with types or without
  kHandle,  // <name>
  kSource,  // <a>, or nothing
};

Form form_of(Kind kind) {
  switch (kind) {
    case ValueType::kList:
    case ValueType::kTuple:
    case ValueType::kOption:
    case ValueType::kResult:
      return Form::kTypes;
    case ValueType::kRecord:
    case ValueType::kVariant:
    case ValueType::kEnum:
    case ValueType::kFlags:
      return Form::kNames;
    case ValueType::kOwn:
    case ValueType::kBorrow:
      return Form::kHandle;
    case ValueType::kStream:
    case ValueType::kFuture:
      return Form::kSource;
    default:
      return Form::kPlain;
  }
}

// --- to text ---

void append(std::string& out, const ValueType& type);

// result, result<T>, result<_, E>, result<T, E>
void append_result(std::string& out, std::span<const Part> parts) {
  const auto& [ok, err] = std::pair(parts[0].type, parts[1].type);
  if (!ok && !err) return;
  out += '<';
  if (ok) {
    append(out, *ok);
  } else {
    out += '_';
  }
  if (err) {
    out += ", ";
    append(out, *err);
  }
  out += '>';
}

void append_types(std::string& out, std::span<const Part> parts) {
  out += '<';
  for (const Part& part : parts) {
    if (&part != parts.data()) out += ", ";
    append(out, *part.type);
  }
  out += '>';
}

void append_names(std::string& out, std::span<const Part> parts, bool is_record) {
  out += " { ";
  for (const Part& part : parts) {
    if (&part != parts.data()) out += ", ";
    out += part.name;
    if (!part.type) continue;
    out += is_record ? ": " : "(";
    append(out, *part.type);
    if (!is_record) out += ')';
  }
  out += " }";
}

void append(std::string& out, const ValueType& type) {
  out += kTexts.at(std::to_underlying(type.kind()));
  switch (form_of(type.kind())) {
    case Form::kPlain:
      return;
    case Form::kTypes:
      if (type.kind() == ValueType::kResult) return append_result(out, type.parts());
      return append_types(out, type.parts());
    case Form::kNames:
      return append_names(out, type.parts(), type.kind() == ValueType::kRecord);
    case Form::kHandle:
      out.append("<").append(type.parts()[0].name).append(">");
      return;
    case Form::kSource:
      if (type.parts()[0].type) append_types(out, type.parts());
      return;
  }
}

// --- from text ---

// Recursive descent. What fails leaves nullopt, all the way up.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : rest_(text) {}

  std::optional<ValueType> parse_all() {
    auto type = parse(0);
    skip_space();
    return rest_.empty() ? std::move(type) : std::nullopt;
  }

 private:
  using Parts = std::optional<std::vector<Part>>;

  std::optional<ValueType> parse(std::size_t depth) {
    if (depth == kMaxTypeDepth) return std::nullopt;
    const auto found = std::ranges::find(kTexts, word());
    if (found == kTexts.end()) return std::nullopt;
    const auto kind = static_cast<Kind>(found - kTexts.begin());
    if (form_of(kind) == Form::kPlain) return ValueType(kind);
    Parts parts = parse_parts(kind, depth);
    if (!parts) return std::nullopt;
    return ValueType(kind, *std::move(parts));
  }

  Parts parse_parts(Kind kind, std::size_t depth) {
    switch (form_of(kind)) {
      case Form::kTypes:
        if (kind == ValueType::kResult) return parse_result(depth);
        return kind == ValueType::kTuple ? parse_types(depth) : parse_type(depth);
      case Form::kHandle:
        return parse_handle();
      case Form::kSource:
        return parse_source(depth);
      default:
        return parse_names(kind, depth);
    }
  }

  Parts parse_type(std::size_t depth) {
    Parts parts = parse_types(depth);
    return parts && parts->size() == 1 ? std::move(parts) : std::nullopt;
  }

  Parts parse_handle() {
    if (!take('<')) return std::nullopt;
    std::vector<Part> parts{{std::string(word()), {}}};
    if (parts[0].name.empty() || !take('>')) return std::nullopt;
    return parts;
  }

  Parts parse_source(std::size_t depth) {
    skip_space();
    return rest_.starts_with('<') ? parse_type(depth) : Parts({Part{}});
  }

  Parts parse_types(std::size_t depth) {
    std::vector<Part> parts;
    if (!take('<')) return std::nullopt;
    do {
      auto type = parse(depth + 1);
      if (!type) return std::nullopt;
      parts.push_back({{}, std::move(type)});
    } while (take(','));
    if (!take('>')) return std::nullopt;
    return parts;
  }

  Parts parse_result(std::size_t depth) {
    std::vector<Part> parts{{"ok", {}}, {"err", {}}};
    if (!take('<')) return parts;
    const bool without_ok = take('_');
    if (!without_ok && !(parts[0].type = parse(depth + 1))) return std::nullopt;
    const bool has_err = take(',');
    if (has_err && !(parts[1].type = parse(depth + 1))) return std::nullopt;
    if ((without_ok && !has_err) || !take('>')) return std::nullopt;
    return parts;
  }

  Parts parse_names(Kind kind, std::size_t depth) {
    std::vector<Part> parts;
    if (!take('{')) return std::nullopt;
    do {
      Part part{std::string(word()), {}};
      if (part.name.empty() || !parse_named_type(kind, depth, part)) return std::nullopt;
      parts.push_back(std::move(part));
    } while (take(','));
    if (!take('}') || !names_are_unique(parts)) return std::nullopt;
    if (kind == ValueType::kFlags && parts.size() > kMaxFlags) return std::nullopt;
    return parts;
  }

  bool parse_named_type(Kind kind, std::size_t depth, Part& part) {
    if (kind == ValueType::kRecord) return take(':') && (part.type = parse(depth + 1));
    if (kind != ValueType::kVariant || !take('(')) return true;
    return (part.type = parse(depth + 1)) && take(')');
  }

  static bool names_are_unique(const std::vector<Part>& parts) {
    std::vector<std::string_view> names;
    names.reserve(parts.size());
    for (const Part& part : parts) names.push_back(part.name);
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) == names.end();
  }

  void skip_space() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }

  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Letters, digits and hyphens.
  std::string_view word() {
    skip_space();
    const auto end =
        std::ranges::find_if_not(rest_, [](char c) { return ascii_alnum(c) || c == '-'; });
    const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    return found;
  }

  std::string_view rest_;
};

}  // namespace

std::string to_text(const ValueType& type) {
  std::string text;
  append(text, type);
  return text;
}

std::optional<ValueType> value_type_from_text(std::string_view text) {
  if (text.size() > kMaxTypeTextBytes) return std::nullopt;
  return TypeParser(text).parse_all();
}

}  // namespace wasm_server
