#pragma once

#include "http/filter.h"
#include "http/origin_rules.h"

namespace wasm_server {

// Refuses, before its body is read, what a browser sends for a page that may not call this server
// (http/origin_rules.h): 403. To pages of allowed origins it says that they may read the answers
// (CORS), and answers their browsers' preflights.
class OriginFilter final : public Filter {
 public:
  // `rules` must outlive it.
  explicit OriginFilter(const OriginRules& rules) : rules_(rules) {}

  bool answers(Request& request, const Route* route, Reply& reply) override;
  void on_reply(const Request& request, const Route* route, Reply& reply) override;

 private:
  const OriginRules& rules_;
};

}  // namespace wasm_server
