#include "cli/text/arguments.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/text/nearest.h"

namespace wasm_server::cli {
namespace {

class Arguments {
 public:
  explicit Arguments(const FunctionView& function)
      : function_(function), values_(function.params.size()) {}

  Outcome<void> take_named(std::string_view name, std::string_view word) {
    const auto param = std::ranges::find(function_.params, name, &ParamView::name);
    if (param == function_.params.end()) return unknown(name);
    return set(static_cast<std::size_t>(param - function_.params.begin()), word);
  }

  Outcome<void> take_next(std::string_view word) {
    const auto free = std::ranges::find_if_not(values_, has_value);
    if (free == values_.end()) return wrong_count(taken_ + 1);
    return set(static_cast<std::size_t>(free - values_.begin()), word);
  }

  Outcome<std::string> json() const {
    if (std::ranges::find_if_not(values_, has_value) != values_.end()) return wrong_count(taken_);
    std::string out = "[";
    for (const auto& value : values_) out += (out.size() > 1 ? "," : "") + *value;
    return out + "]";
  }

 private:
  static bool has_value(const std::optional<std::string>& value) { return value.has_value(); }

  Outcome<void> set(std::size_t index, std::string_view word) {
    const ParamView& param = function_.params[index];
    const std::string place =
        "argument " + std::to_string(index + 1) + " (" + quote(param.name) + "): ";
    if (values_[index]) return failure(kWrongRun, place + "given twice");
    auto value = value_json(param.type, word);
    if (!value) return failure(kWrongRun, place + value.error().message);
    values_[index] = *std::move(value);
    ++taken_;
    return {};
  }

  std::unexpected<Failure> wrong_count(std::size_t given) const {
    const std::size_t wanted = values_.size();
    return failure(kWrongRun, signature(function_) + " takes " + std::to_string(wanted) +
                                  (wanted == 1 ? " argument, not " : " arguments, not ") +
                                  std::to_string(given));
  }

  std::unexpected<Failure> unknown(std::string_view name) const {
    std::vector<std::string> names;
    for (const ParamView& param : function_.params) names.push_back(param.name);
    return failure(kWrongRun, signature(function_) + " has no parameter " + quote(shorten(name)) +
                                  did_you_mean(name, names) +
                                  "; options of run stand before the module");
  }

  const FunctionView& function_;
  std::vector<std::optional<std::string>> values_;
  std::size_t taken_ = 0;
};

bool is_name(std::string_view word) { return word.size() > 2 && word.starts_with("--"); }

}  // namespace

Outcome<std::string> arguments_json(const FunctionView& function,
                                    std::span<const std::string> words) {
  Arguments arguments(function);
  bool names = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (names && word == "--") {
      names = false;
    } else if (!names || !is_name(word)) {
      TRY(arguments.take_next(word));
    } else if (const std::size_t equals = word.find('='); equals != word.npos) {
      TRY(arguments.take_named(word.substr(2, equals - 2), word.substr(equals + 1)));
    } else if (i + 1 < words.size()) {
      TRY(arguments.take_named(word.substr(2), words[++i]));
    } else {
      return failure(kWrongRun, quote(shorten(word)) + " wants a value behind it");
    }
  }
  return arguments.json();
}

}  // namespace wasm_server::cli
