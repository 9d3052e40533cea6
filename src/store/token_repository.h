#pragma once

// Access tokens, as the rest of the server sees them.

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/access_token.h"
#include "store/batch.h"
#include "store/kv.h"

namespace wasm_server {

// Reads what is committed. Safe from any thread.
class TokenRepository {
 public:
  // `store` must outlive this.
  explicit TokenRepository(const Store& store) : store_(store) {}

  Result<std::optional<AccessToken>> find(std::string_view id) const;
  // By id.
  Result<std::vector<AccessToken>> list() const;
  Result<bool> empty() const;

 private:
  const Store& store_;
};

// The tokens as a batch would leave them. Belongs to the batch's thread.
class TokenBatch {
 public:
  explicit TokenBatch(Batch& batch) : batch_(batch) {}

  Result<std::optional<AccessToken>> find(std::string_view id) const;
  Result<void> put(const AccessToken& token);
  Result<void> erase(std::string_view id);

 private:
  Batch& batch_;
};

}  // namespace wasm_server
