// What of the settings can change while the server runs.

#include <algorithm>
#include <array>
#include <string_view>

#include "app.h"
#include "base/log.h"
#include "logging.h"

namespace wasm_server {
namespace {

// TLS files of other names are not read either: those that are renewed keep theirs.
constexpr std::array<std::string_view, 4> kChangeable{"log-level", "access-log", "address-rate",
                                                      "token-rate"};

bool can_change(const Setting& setting) {
  return std::ranges::find(kChangeable, setting.name) != kChangeable.end();
}

}  // namespace

void App::take_settings(const ServeConfig& config) {
  bool any = false;
  for (const Setting& next : config.settings) {
    const auto now = std::ranges::find(settings_, next.name, &Setting::name);
    if (now == settings_.end() || now->value == next.value) continue;
    any = true;
    if (!can_change(next)) {
      log_warning("the setting " + next.name + " = " + next.value +
                  " takes effect at the next start; now it is " + now->value);
      continue;
    }
    *now = next;
    log_info("the setting " + next.name + " is now " + next.value);
  }
  if (!any) log_info("no setting has changed");
  // The last of them, so that what was changed is logged as it was before.
  rates_.addresses.set(config.address_rate, config.address_rate);
  rates_.tokens.set(config.token_rate, config.token_rate);
  access_log_ = config.access_log;
  set_log_level(config.log_level);
}

}  // namespace wasm_server
