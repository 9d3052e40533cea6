#include "http/origin_rules.h"

#include <algorithm>

#include "base/text.h"
#include "http/authority.h"

namespace wasm_server {
namespace {

constexpr std::string_view kAny = "*";

// "[::1]" of "::1".
std::string host_text(std::string_view host) {
  const bool is_ipv6 = host.find(':') != host.npos;
  return is_ipv6 ? "[" + to_lower(host) + "]" : to_lower(host);
}

bool contains_lower(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::any_of(list,
                             [text](const std::string& item) { return equals_lower(text, item); });
}

// What stands behind "://"; empty when there is none.
std::string_view authority_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == origin.npos ? std::string_view{} : origin.substr(scheme + 3);
}

struct Fetch {
  std::string_view origin;  // of the page; null when the request names none
  std::string_view site;
};

// One pass for both, because every request has to be looked at.
Fetch fetch_of(const Request& request) {
  Fetch found;
  for (const Request::Header& header : request.headers) {
    if (equals_lower(header.name, "origin")) found.origin = header.value;
    if (equals_lower(header.name, "sec-fetch-site")) found.site = header.value;
  }
  return found;
}

// What the browser says goes before what can be told here: behind a proxy, Host need not be the
// page's. "none": the user typed the address.
bool is_of_own_page(const Fetch& fetch, std::string_view host) {
  if (!fetch.site.empty()) return fetch.site == "same-origin" || fetch.site == "none";
  if (fetch.origin.data() == nullptr) return true;
  const std::string_view page = authority_of(fetch.origin);
  return !page.empty() && equals_lower(page, to_lower(host));
}

}  // namespace

Result<void> check_allowed_host(std::string_view text) {
  if (text == kAny) return {};
  const auto authority = parse_authority(text);
  if (authority && !authority->host.empty()) return {};
  return fail(ErrorCode::kBadRequest,
              "an allowed host must be HOST, HOST:PORT or *, not " + quote(text));
}

Result<void> check_cors_origin(std::string_view text) {
  if (text == kAny) return {};
  const std::string_view rest = authority_of(text);
  const auto authority = parse_authority(rest);
  if (!rest.empty() && authority && !authority->host.empty()) return {};
  return fail(ErrorCode::kBadRequest,
              "an origin must be SCHEME://HOST, SCHEME://HOST:PORT or *, not " + quote(text));
}

OriginRules::OriginRules(const OriginSettings& settings)
    : hosts_given_(!settings.allowed_hosts.empty()) {
  for (const std::string& origin : settings.cors_origins) {
    if (origin == kAny) any_origin_ = true;
    origins_.push_back(to_lower(origin));
  }
  any_host_ = !hosts_given_;
  for (const std::string& host : settings.allowed_hosts) {
    const auto authority = parse_authority(host);
    if (host == kAny) any_host_ = true;
    if (host == kAny || !authority) continue;
    const std::string name = host_text(authority->host);
    if (authority->port) {
      hosts_.push_back(name + ":" + std::to_string(*authority->port));
    } else {
      names_.push_back(name);
    }
  }
}

void OriginRules::listen_on(std::string_view asked, std::string_view bound) {
  const auto own = parse_authority(bound);
  if (!own || !own->port) return;
  if (is_loopback(own->host) && !hosts_given_) any_host_ = false;
  if (any_host_) return;
  const auto given = parse_authority(asked);
  std::vector<std::string> names{host_text(own->host), "127.0.0.1", "localhost", "[::1]"};
  if (given && !given->host.empty()) names.push_back(host_text(given->host));
  for (const std::string& name : names) {
    hosts_.push_back(name + ":" + std::to_string(*own->port));
    // Written by hand, without the port; no browser leaves it out.
    hosts_.push_back(name);
  }
}

// Nobody sends none but programs of HTTP/1.0.
bool OriginRules::is_own_host(std::string_view host) const {
  if (any_host_ || host.empty()) return true;
  // As most send it; every request comes here.
  if (std::ranges::find(hosts_, host) != hosts_.end()) return true;
  if (contains_lower(hosts_, host)) return true;
  if (names_.empty()) return false;
  const auto authority = parse_authority(host);
  return authority && contains_lower(names_, host_text(authority->host));
}

bool OriginRules::allows(std::string_view origin) const {
  return any_origin_ || contains_lower(origins_, origin);
}

OriginRules::Verdict OriginRules::judge(const Request& request) const {
  if (request.is_operator) return Verdict::kOwn;  // no browser gets there
  if (!is_own_host(request.host)) return Verdict::kForeignHost;
  const Fetch fetch = fetch_of(request);
  if (is_of_own_page(fetch, request.host)) return Verdict::kOwn;
  const bool allowed = fetch.origin.data() != nullptr && allows(fetch.origin);
  return allowed ? Verdict::kAllowedOrigin : Verdict::kForeignOrigin;
}

}  // namespace wasm_server
