#pragma once

// Guests' secrets, sealed, as the rest of the server sees them. The record is: version u8 = 1,
// key_id, created_at and updated_at u64 each, and the sealed text, which is the rest.

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/guest_secret.h"
#include "store/batch.h"
#include "store/kv.h"

namespace wasm_server {

// kInternal, with a log text that names it, when the record is none.
Result<GuestSecret> decode_guest_secret(std::string_view name, std::string_view record);

// Reads what is committed. Safe from any thread.
class GuestSecretRepository {
 public:
  // `store` must outlive this.
  explicit GuestSecretRepository(const Store& store) : store_(store) {}

  Result<std::optional<GuestSecret>> find(std::string_view name) const;
  // By name.
  Result<std::vector<GuestSecret>> list() const;

 private:
  const Store& store_;
};

// The secrets as a batch would leave them. Belongs to the batch's thread.
class GuestSecretBatch {
 public:
  explicit GuestSecretBatch(Batch& batch) : batch_(batch) {}

  Result<std::optional<GuestSecret>> find(std::string_view name) const;
  Result<void> put(const GuestSecret& secret);
  Result<void> erase(std::string_view name);

 private:
  Batch& batch_;
};

}  // namespace wasm_server
