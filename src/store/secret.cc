#include "store/secret.h"

#include "base/random.h"
#include "store/batch.h"

namespace wasm_server {
namespace {

constexpr std::size_t kSize = 32;
constexpr std::string_view kKey = "secret";

Result<std::string> make_secret(Store& store) {
  std::string secret(kSize, '\0');
  fill_random(secret.data(), secret.size());
  TRY_ASSIGN(const auto batch, store.begin());
  TRY(batch->put(Table::kState, kKey, secret));
  TRY(store.commit(*batch));
  return secret;
}

}  // namespace

Result<std::string> load_secret(Store& store) {
  std::string secret;
  TRY_ASSIGN(const bool there, store.get(Table::kState, kKey, secret));
  if (!there) return make_secret(store);
  if (secret.size() == kSize) return secret;
  return fail(ErrorCode::kInternal, "the database's secret is damaged");
}

}  // namespace wasm_server
