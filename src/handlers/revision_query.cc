#include "handlers/revision_query.h"

#include "base/text.h"

namespace wasm_server {

Result<std::optional<std::uint64_t>> parse_revision(const Request& request) {
  if (request.query.empty()) return std::nullopt;
  const auto text = request.query_value("revision");
  if (!text) return std::nullopt;
  const auto revision = parse_positive(*text);
  if (!revision) {
    return fail(ErrorCode::kBadRequest, "the parameter revision must be a positive integer");
  }
  return revision;
}

}  // namespace wasm_server
