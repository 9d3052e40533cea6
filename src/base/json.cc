#include "base/json.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

#include "base/utf8.h"

namespace wasm_server {

namespace json = boost::json;

// The events of Boost.JSON's parser, made into a document. Its member names are the library's.
// Returning false ends the parse.
class JsonBuilder {
 public:
  static constexpr std::size_t max_array_size = kMaxJsonItems;
  static constexpr std::size_t max_object_size = kMaxJsonItems;
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();

  explicit JsonBuilder(std::string_view input) : input_(input) {
    constexpr std::size_t kUsualValues = 16;  // one allocation for most executions
    document_.nodes_.reserve(kUsualValues);
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  bool on_object_begin(json::error_code& error) { return open(JsonKind::kObject, error); }
  bool on_object_end(std::size_t, json::error_code& error) {
    const auto index = close();
    const auto twice = name_given_twice(JsonValue(&document_.nodes_[index]));
    if (!twice) return true;
    return refuse("the name \"" + std::string(utf8_prefix(*twice, kShownBytes)) + "\" stands twice",
                  error);
  }
  bool on_array_begin(json::error_code& error) { return open(JsonKind::kArray, error); }
  bool on_array_end(std::size_t, json::error_code&) {
    close();
    return true;
  }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
  bool on_key(json::string_view last, std::size_t, json::error_code&) {
    name_ = whole(last);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return collect(part);
  }
  bool on_string(json::string_view last, std::size_t, json::error_code& error) {
    return add(JsonKind::kString, whole(last), error);
  }
  bool on_number_part(json::string_view part, json::error_code&) { return collect(part); }
  bool on_int64(std::int64_t, json::string_view last, json::error_code& error) {
    return add(JsonKind::kNumber, whole(last), error);
  }
  bool on_uint64(std::uint64_t, json::string_view last, json::error_code& error) {
    return add(JsonKind::kNumber, whole(last), error);
  }
  bool on_double(double, json::string_view last, json::error_code& error) {
    return add(JsonKind::kNumber, whole(last), error);
  }
  bool on_null(json::error_code& error) { return add(JsonKind::kNull, {}, error); }
  bool on_bool(bool value, json::error_code& error) {
    if (!add(JsonKind::kBool, {}, error)) return false;
    document_.nodes_.back().boolean = value;
    return true;
  }

  JsonDocument take() { return std::move(document_); }

  // Why the parser stopped: the library's reasons in our words where those say more.
  std::string reason(const json::error_code& error) const {
    if (refusal_) return *refusal_;
    if (error == json::error::array_too_large || error == json::error::object_too_large) {
      return "more than " + std::to_string(kMaxJsonItems) + " items";
    }
    return error.message();
  }

 private:
  using Node = JsonValue::Node;
  static constexpr std::size_t kShownBytes = 48;
  static constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();

  // A text may come in parts, of which all but the last are collected.
  bool collect(std::string_view part) {
    parts_ += part;
    return true;
  }

  // A text that came in one piece is a view into the input.
  std::string_view whole(std::string_view last) {
    if (parts_.empty() && is_in_input(last)) return last;
    parts_ += last;
    return document_.decoded_.emplace_front(std::exchange(parts_, {}));
  }

  bool is_in_input(std::string_view text) const {
    return text.data() >= input_.data() &&
           text.data() + text.size() <= input_.data() + input_.size();
  }

  bool add(JsonKind kind, std::string_view text, json::error_code& error) {
    auto& nodes = document_.nodes_;
    if (nodes.size() == kMaxJsonValues) return refuse("too many values", error);
    if (open_ != kNone) ++nodes[open_].size;
    nodes.push_back({.kind = kind, .name = std::exchange(name_, {}), .text = text});
    return true;
  }

  // While a container is open its span says where the one is that holds it.
  bool open(JsonKind kind, json::error_code& error) {
    if (!add(kind, {}, error)) return false;
    document_.nodes_.back().span = open_;
    open_ = static_cast<std::uint32_t>(document_.nodes_.size() - 1);
    return true;
  }

  std::uint32_t close() {
    const auto index = open_;
    auto& node = document_.nodes_[index];
    open_ = std::exchange(node.span, static_cast<std::uint32_t>(document_.nodes_.size() - index));
    return index;
  }

  // A name that two members have.
  static std::optional<std::string_view> name_given_twice(JsonValue object) {
    constexpr std::size_t kFew = 8;  // are compared sooner than sorted
    if (object.size() > kFew) return name_given_twice_of_many(object);
    for (auto one = object.begin(); one != object.end(); ++one) {
      for (auto other = std::next(one); other != object.end(); ++other) {
        if ((*one).name() == (*other).name()) return (*one).name();
      }
    }
    return std::nullopt;
  }

  static std::optional<std::string_view> name_given_twice_of_many(JsonValue object) {
    std::vector<std::string_view> names;
    names.reserve(object.size());
    for (const JsonValue member : object) names.push_back(member.name());
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    return twice == names.end() ? std::nullopt : std::optional(*twice);
  }

  bool refuse(std::string why, json::error_code& error) {
    refusal_ = std::move(why);
    error = json::make_error_code(json::error::exception);  // any: the reason is what counts
    return false;
  }

  const std::string_view input_;
  JsonDocument document_;
  std::uint32_t open_ = kNone;  // the innermost open container
  std::string parts_;           // the parts so far of a string, key or number
  std::string_view name_;       // of the member whose value comes next
  std::optional<std::string> refusal_;
};

Result<JsonDocument> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<JsonBuilder> parser(options, text);
  json::error_code error;
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), error);
  if (!error && taken < text.size()) error = json::error::extra_data;
  if (!error) return parser.handler().take();
  return fail(ErrorCode::kBadRequest, "malformed JSON at byte " + std::to_string(taken) + ": " +
                                          parser.handler().reason(error));
}

Result<JsonDocument> parse_json(SharedBytes text) {
  TRY_ASSIGN(auto document, parse_json(std::string_view(*text)));
  document.text_ = std::move(text);
  return document;
}

JsonDocument JsonDocument::array(std::vector<Item> items) {
  JsonDocument document;
  const auto size = static_cast<std::uint32_t>(items.size());
  document.nodes_.reserve(items.size() + 1);
  document.nodes_.push_back({.kind = JsonKind::kArray, .span = size + 1, .size = size});
  for (Item& item : items) {
    const std::string& text = document.decoded_.emplace_front(std::move(item.text));
    document.nodes_.push_back({.kind = item.kind, .text = text});
  }
  return document;
}

std::string_view with_article(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a boolean";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return {};
}

}  // namespace wasm_server
