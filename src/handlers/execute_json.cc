#include "handlers/execute_json.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "base/base64.h"
#include "base/utf8.h"

namespace wasm_server {
namespace {

namespace json = boost::json;

enum class Field : std::uint8_t { kFunction, kArgs, kEnv, kStdin, kStdinBase64, kNone };

constexpr std::array<std::string_view, 5> kFieldNames = {"function", "args", "env", "stdin",
                                                         "stdin_base64"};

std::string quoted_start(std::string_view text) {
  return '"' + std::string(utf8_prefix(text, 48)) + (text.size() > 48 ? "...\"" : "\"");
}

// Takes the parser's events. A string comes in parts (escapes, long ones), of which all but the
// last are collected in `text_`; so do keys and numbers. Returning false ends the parse, with the
// reason in `error_`.
class ExecuteHandler {
 public:
  static constexpr std::size_t max_object_size = kMaxExecuteItems;
  static constexpr std::size_t max_array_size = kMaxExecuteItems;
  static constexpr std::size_t max_key_size = std::size_t{1} << 20;
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  explicit ExecuteHandler(ExecuteRequest& request) : request_(request) {}

  // Set when the request is wrong although its JSON is not.
  std::string take_error() { return std::move(error_); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  bool on_object_begin(json::error_code& ec) {
    if (place_ == Place::kTop) return enter(Place::kFields);
    if (place_ == Place::kFields && field_ == Field::kEnv) return enter(Place::kEnv);
    if (place_ == Place::kFields && field_ == Field::kArgs) {
      request_.arguments.emplace<Named>().reserve(kUsualArguments);
      return enter(Place::kNamed);
    }
    return wrong_type("an object", ec);
  }

  bool on_array_begin(json::error_code& ec) {
    const bool is_args = place_ == Place::kFields && field_ == Field::kArgs;
    if (!is_args && place_ != Place::kTop) return wrong_type("an array", ec);
    whole_body_ = place_ == Place::kTop;
    request_.has_arguments = true;
    std::get<Positional>(request_.arguments).reserve(kUsualArguments);
    return enter(Place::kPositional);
  }

  bool on_object_end(std::size_t, json::error_code& ec) {
    if (place_ == Place::kNamed) {
      request_.has_arguments = true;
      if (!names_are_unique()) return reject("args: a name is given twice", ec);
    }
    return enter(place_ == Place::kFields ? Place::kTop : Place::kFields);
  }

  bool on_array_end(std::size_t, json::error_code&) {
    return enter(whole_body_ ? Place::kTop : Place::kFields);
  }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }

  bool on_key(json::string_view last, std::size_t, json::error_code& ec) {
    key_ = take(last);
    return place_ != Place::kFields || begin_field(ec);
  }

  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return collect(part);
  }

  bool on_string(json::string_view last, std::size_t, json::error_code& ec) {
    std::string text = take(last);
    if (place_ == Place::kFields) return set_field(std::move(text), ec);
    if (place_ == Place::kEnv) return set_variable(std::move(text), ec);
    return add_argument(Argument::Kind::kString, std::move(text), "a string", ec);
  }

  bool on_number_part(json::string_view part, json::error_code&) { return collect(part); }

  bool on_int64(std::int64_t, json::string_view last, json::error_code& ec) {
    return add_argument(Argument::Kind::kNumber, take(last), "a number", ec);
  }
  bool on_uint64(std::uint64_t, json::string_view last, json::error_code& ec) {
    return add_argument(Argument::Kind::kNumber, take(last), "a number", ec);
  }
  bool on_double(double, json::string_view last, json::error_code& ec) {
    return add_argument(Argument::Kind::kNumber, take(last), "a number", ec);
  }
  bool on_bool(bool value, json::error_code& ec) {
    return add_argument(Argument::Kind::kOther, value ? "true" : "false", "a boolean", ec);
  }
  bool on_null(json::error_code& ec) {
    return add_argument(Argument::Kind::kOther, "null", "null", ec);
  }

 private:
  enum class Place : std::uint8_t { kTop, kFields, kPositional, kNamed, kEnv };
  static constexpr std::size_t kUsualArguments = 4;  // one allocation for most calls
  using Positional = std::vector<Argument>;
  using Named = std::vector<NamedArgument>;

  bool enter(Place place) {
    place_ = place;
    return true;
  }

  bool reject(std::string reason, json::error_code& ec) {
    error_ = std::move(reason);
    ec = json::make_error_code(json::error::exception);  // any: the reason is what counts
    return false;
  }

  bool collect(std::string_view part) {
    text_ += part;
    return true;
  }

  std::string take(std::string_view last) {
    if (text_.empty()) return std::string(last);
    text_ += last;
    return std::exchange(text_, {});
  }

  std::string field_name() const {
    return std::string(kFieldNames[static_cast<std::size_t>(field_)]);
  }

  // "args[3]", "env.HOME", ...: where the parser is.
  std::string here() const {
    switch (place_) {
      case Place::kTop:
        return "the body";
      case Place::kFields:
        return field_name();
      case Place::kPositional:
        return "args[" + std::to_string(std::get<Positional>(request_.arguments).size()) + ']';
      case Place::kNamed:
        return "args." + quoted_start(key_);
      case Place::kEnv:
        return "env." + quoted_start(key_);
    }
    return {};
  }

  const char* expected() const {
    if (place_ == Place::kTop) return "an object or an array";
    if (place_ == Place::kEnv) return "a string";
    if (place_ != Place::kFields) return "a number or a string";
    if (field_ == Field::kArgs) return "an array or an object";
    return field_ == Field::kEnv ? "an object" : "a string";
  }

  bool wrong_type(const char* given, json::error_code& ec) {
    return reject(here() + " must be " + expected() + ", not " + given, ec);
  }

  bool begin_field(json::error_code& ec) {
    const auto found = std::ranges::find(kFieldNames, key_);
    if (found == kFieldNames.end()) return reject("unknown field " + quoted_start(key_), ec);
    field_ = static_cast<Field>(found - kFieldNames.begin());
    const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(field_));
    if ((seen_ & bit) != 0) return reject(field_name() + " is given twice", ec);
    seen_ = static_cast<std::uint8_t>(seen_ | bit);
    constexpr std::uint8_t kBothStdin = 1U << 3 | 1U << 4;
    if ((seen_ & kBothStdin) == kBothStdin) {
      return reject("stdin and stdin_base64 exclude each other", ec);
    }
    return true;
  }

  bool set_field(std::string text, json::error_code& ec) {
    if (field_ == Field::kFunction) {
      request_.function = std::move(text);
    } else if (field_ == Field::kStdin) {
      request_.stdin_bytes = std::move(text);
    } else if (field_ == Field::kStdinBase64) {
      auto bytes = decode_base64(text);
      if (!bytes) return reject("stdin_base64 is not base64", ec);
      request_.stdin_bytes = std::move(*bytes);
    } else {
      return wrong_type("a string", ec);
    }
    return true;
  }

  bool set_variable(std::string text, json::error_code& ec) {
    auto added = add_variable(request_.env, std::move(key_), std::move(text));
    if (!added) return reject("env: " + added.error().message, ec);
    return *added || reject("env: a variable is given twice", ec);
  }

  bool add_argument(Argument::Kind kind, std::string text, const char* given,
                    json::error_code& ec) {
    if (place_ == Place::kPositional) {
      std::get<Positional>(request_.arguments).push_back({kind, std::move(text)});
    } else if (place_ == Place::kNamed) {
      std::get<Named>(request_.arguments).push_back({std::move(key_), {kind, std::move(text)}});
    } else {
      return wrong_type(given, ec);
    }
    return true;
  }

  bool names_are_unique() const {
    const auto& named = std::get<Named>(request_.arguments);
    std::vector<std::string_view> names;
    names.reserve(named.size());
    for (const NamedArgument& argument : named) names.push_back(argument.name);
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) == names.end();
  }

  ExecuteRequest& request_;
  std::string text_;  // the parts so far of a string, key or number
  std::string key_;   // the last one
  std::string error_;
  Place place_ = Place::kTop;
  Field field_ = Field::kNone;  // the one being read
  std::uint8_t seen_ = 0;       // a bit for each Field
  bool whole_body_ = false;     // the array being read is the body
};

// Why the parser stopped: Boost's reasons in our words where a client would not understand them.
std::string malformed(const json::error_code& ec, std::size_t position) {
  if (ec == json::error::array_too_large || ec == json::error::object_too_large) {
    return "more than " + std::to_string(kMaxExecuteItems) + " items";
  }
  return "malformed JSON at byte " + std::to_string(position) + ": " + ec.message();
}

}  // namespace

Result<void> read_execute_json(std::string_view body, ExecuteRequest& request) {
  json::parse_options options;
  options.max_depth = 3;  // the handler refuses what it does not know before that
  json::basic_parser<ExecuteHandler> parser(options, request);
  json::error_code ec;
  const std::size_t taken = parser.write_some(false, body.data(), body.size(), ec);
  if (!ec && taken < body.size()) ec = json::error::extra_data;
  if (!ec) return {};
  std::string reason = parser.handler().take_error();
  if (reason.empty()) reason = malformed(ec, taken);
  return fail(ErrorCode::kBadRequest, std::move(reason));
}

// `value` is moved into the map, which the check does not see through try_emplace.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
Result<bool> add_variable(StringMap& env, std::string name, std::string value) {
  const auto bad = [](const char* reason) { return fail(ErrorCode::kBadRequest, reason); };
  if (name.empty()) return bad("a variable without a name");
  if (name.find('=') != name.npos) return bad("a variable's name contains '='");
  if (name.find('\0') != name.npos || value.find('\0') != value.npos) {
    return bad("a variable contains a NUL");
  }
  if (env.size() >= kMaxExecuteItems) return bad("too many variables");
  return env.try_emplace(std::move(name), std::move(value)).second;
}

}  // namespace wasm_server
