#pragma once

// Which browsers' requests are taken (contract, section 8): a page of another origin can make a
// browser send requests here, and a name that an attacker lets point here (DNS rebinding) makes a
// page of his the same origin as this server. Local programs send neither `Origin` nor
// `Sec-Fetch-Site`, and a `Host` of this server.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/request.h"

namespace wasm_server {

// What the operator allows besides.
struct OriginSettings {
  std::vector<std::string> allowed_hosts{};  // "HOST", at any port, or "HOST:PORT"; "*": all
  std::vector<std::string> cors_origins{};   // "https://app.example.org"; "*": all
};

// kBadRequest says what is wrong with it.
Result<void> check_allowed_host(std::string_view text);
Result<void> check_cors_origin(std::string_view text);

// Filled before requests are served, then only read, by any thread.
class OriginRules {
 public:
  explicit OriginRules(const OriginSettings& settings);

  // The server's address as the operator gave it and as it was bound ("HOST:PORT" both). On a
  // loopback address its own hosts are known, and no other is taken.
  void listen_on(std::string_view asked, std::string_view bound);

  enum class Verdict : std::uint8_t { kOwn, kAllowedOrigin, kForeignHost, kForeignOrigin };

  // kOwn: a program, or a page of this server's own origin. kAllowedOrigin: a page of another that
  // is allowed.
  Verdict judge(const Request& request) const;

  // Whether any other origin is allowed, so that answers depend on it.
  bool allows_origins() const { return any_origin_ || !origins_.empty(); }
  bool allows(std::string_view origin) const;

 private:
  bool is_own_host(std::string_view host) const;

  bool any_host_ = true;
  bool any_origin_ = false;
  std::vector<std::string> hosts_;  // in lower case, as all below
  std::vector<std::string> names_;  // at any port
  std::vector<std::string> origins_;
  bool hosts_given_ = false;
};

}  // namespace wasm_server
