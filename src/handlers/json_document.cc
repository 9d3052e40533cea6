#include "handlers/json_document.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

namespace wasm_server {
namespace {

using boost::json::error_code;
using JsonView = boost::json::string_view;

std::string_view plain(JsonView text) { return {text.data(), text.size()}; }

// The events of Boost.JSON's parser, made into a tree. Its member names are the library's.
class TreeBuilder {
 public:
  static constexpr std::size_t max_array_size = kMaxJsonValues;
  static constexpr std::size_t max_object_size = kMaxJsonMembers;
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = kMaxJsonNameBytes;

  explicit TreeBuilder(std::string_view input) : input_(input) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& error) { return open(JsonKind::kObject, error); }
  bool on_object_end(std::size_t, error_code&) { return close(); }
  bool on_array_begin(error_code& error) { return open(JsonKind::kArray, error); }
  bool on_array_end(std::size_t, error_code&) { return close(); }

  bool on_key_part(JsonView text, std::size_t, error_code&) { return keep_part(text); }
  bool on_key(JsonView text, std::size_t, error_code& error) {
    name_ = whole(text);
    const auto same = [this](const JsonMember& member) { return member.name == name_; };
    if (std::ranges::none_of(open_.back()->members, same)) return true;
    return refuse("the name \"" + std::string(name_.substr(0, 100)) + "\" stands twice", error);
  }

  bool on_string_part(JsonView text, std::size_t, error_code&) { return keep_part(text); }
  bool on_string(JsonView text, std::size_t, error_code& error) {
    return add(JsonKind::kString, whole(text), error);
  }
  bool on_number_part(JsonView text, error_code&) { return keep_part(text); }
  bool on_int64(std::int64_t, JsonView text, error_code& error) { return number(text, error); }
  bool on_uint64(std::uint64_t, JsonView text, error_code& error) { return number(text, error); }
  bool on_double(double, JsonView text, error_code& error) { return number(text, error); }
  bool on_null(error_code& error) { return add(JsonKind::kNull, {}, error); }
  bool on_bool(bool value, error_code& error) {
    if (!add(JsonKind::kBool, {}, error)) return false;
    last_->boolean = value;
    return true;
  }
  bool on_comment_part(JsonView, error_code&) { return true; }
  bool on_comment(JsonView, error_code&) { return true; }

  JsonDocument take() { return std::move(document_); }
  const std::optional<std::string>& refusal() const { return refusal_; }

 private:
  bool keep_part(JsonView text) {
    parts_ += plain(text);
    return true;
  }

  // A text that came in one piece is a view into the request.
  std::string_view whole(JsonView last_part) {
    if (parts_.empty()) return in_input(last_part) ? plain(last_part) : keep(plain(last_part));
    parts_ += plain(last_part);
    return keep(std::exchange(parts_, {}));
  }

  std::string_view keep(auto&& text) {
    return document_.decoded.emplace_back(std::forward<decltype(text)>(text));
  }

  bool in_input(JsonView text) const {
    return text.data() >= input_.data() &&
           text.data() + text.size() <= input_.data() + input_.size();
  }

  bool number(JsonView text, error_code& error) {
    return add(JsonKind::kNumber, whole(text), error);
  }

  bool add(JsonKind kind, std::string_view text, error_code& error) {
    if (++count_ > kMaxJsonValues) return refuse("too many values", error);
    last_ = open_.empty() ? &document_.root
                          : &open_.back()->members.emplace_back(std::exchange(name_, {})).value;
    last_->kind = kind;
    last_->text = text;
    return true;
  }

  // An open container's own vector does not grow while one of its elements is open, so the pointers
  // stay good.
  bool open(JsonKind kind, error_code& error) {
    if (!add(kind, {}, error)) return false;
    open_.push_back(last_);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool refuse(std::string why, error_code& error) {
    refusal_ = std::move(why);
    error = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    return false;
  }

  const std::string_view input_;
  JsonDocument document_;
  std::vector<JsonValue*> open_;
  JsonValue* last_ = nullptr;
  std::string_view name_;
  std::string parts_;
  std::size_t count_ = 0;
  std::optional<std::string> refusal_;
};

}  // namespace

Result<JsonDocument> parse_json(std::string_view text) {
  boost::json::basic_parser<TreeBuilder> parser(boost::json::parse_options{}, text);
  error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = boost::json::error::extra_data;
  if (!error) return parser.handler().take();
  const std::string why = parser.handler().refusal().value_or(error.message());
  return fail(ErrorCode::kBadRequest,
              "the JSON body is not accepted at byte " + std::to_string(read) + ": " + why);
}

}  // namespace wasm_server
