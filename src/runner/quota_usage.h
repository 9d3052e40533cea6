#pragma once

// What is stored under the prefixes that quotas are for. It is counted when a job with such a quota
// comes first, and then kept: the runner is the only writer. Belongs to the runner's thread.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/quota.h"
#include "store/kv.h"

namespace wasm_server {

class QuotaUsage {
 public:
  // `store` must outlive this.
  explicit QuotaUsage(const Store& store) : store_(store) {}

  // Before a batch in which a job has this quota is begun. Takes as long as reading the records of
  // the prefix (store/module_amount.h), once.
  void prepare(const PrefixQuota& quota);

  // What a job of the batch did to a module. kStorageFull when that is more than its quota allows:
  // nothing is noted then, and the job must be rolled back. What takes no more than before is
  // always allowed. kInternal when what is stored could not be counted.
  Result<void> add(std::string_view id, const StoredAmount& change,
                   const std::optional<PrefixQuota>& quota);

  // All that was added since the last of the two stays, or was not stored.
  void committed();
  void discard();

 private:
  struct Usage {
    StoredAmount stored;
    StoredAmount added{};  // by the batch
  };

  Result<void> check(const PrefixQuota& quota, const StoredAmount& change) const;
  template <class Visit>
  void for_each_prefix_of(std::string_view id, Visit visit);

  const Store& store_;
  std::map<std::string, Usage, std::less<>> usage_;  // by prefix
  std::vector<Usage*> changed_;                      // by the batch, in it perhaps more than once
};

}  // namespace wasm_server
