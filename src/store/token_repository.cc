#include "store/token_repository.h"

#include <string>
#include <utility>

#include "store/token_record.h"

namespace wasm_server {
namespace {

Result<std::optional<AccessToken>> read_token(const Reader& from, std::string_view id) {
  std::string record;
  TRY_ASSIGN(const bool there, from.get(Table::kTokens, id, record));
  if (!there) return std::nullopt;
  TRY_ASSIGN(AccessToken token, decode_token_record(id, record));
  return std::optional{std::move(token)};
}

}  // namespace

Result<std::optional<AccessToken>> TokenRepository::find(std::string_view id) const {
  return read_token(store_, id);
}

Result<std::vector<AccessToken>> TokenRepository::list() const {
  std::vector<AccessToken> tokens;
  const auto cursor = store_.scan(Table::kTokens, {});
  for (; cursor->valid(); cursor->next()) {
    TRY_ASSIGN(AccessToken token, decode_token_record(cursor->key(), cursor->value()));
    tokens.push_back(std::move(token));
  }
  TRY(cursor->status());
  return tokens;
}

Result<bool> TokenRepository::empty() const {
  const auto cursor = store_.scan(Table::kTokens, {});
  const bool any = cursor->valid();
  TRY(cursor->status());
  return !any;
}

Result<std::optional<AccessToken>> TokenBatch::find(std::string_view id) const {
  return read_token(batch_, id);
}

Result<void> TokenBatch::put(const AccessToken& token) {
  return batch_.put(Table::kTokens, token.id, encode_token_record(token));
}

Result<void> TokenBatch::erase(std::string_view id) { return batch_.erase(Table::kTokens, id); }

}  // namespace wasm_server
