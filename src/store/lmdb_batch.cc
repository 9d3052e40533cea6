#include "store/lmdb_batch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/journal_entry.h"
#include "store/lmdb_reader.h"

namespace wasm_server {
namespace {

// Code up to this size stands in the journal and in the trees; larger code goes to the code file,
// which is a write and a sync more, and not written twice.
constexpr std::size_t kSmallCode = 16U << 10;

// What the database certainly has room for, without a look at which of its pages are free.
std::uint64_t free_bytes(const LmdbEnv& env) {
  MDB_envinfo info;
  mdb_env_info(env.get(), &info);
  const std::uint64_t used = info.me_last_pgno + 1;
  return used >= env.quota_pages() ? 0 : (env.quota_pages() - used) * env.page_size();
}

}  // namespace

Result<std::unique_ptr<Store::Transaction>> LmdbBatch::begin(LmdbWritePath& path) {
  if (auto writable = LmdbTransaction::check_writable(path.state()); !writable)
    return std::unexpected{std::move(writable).error()};
  return std::unique_ptr<Store::Transaction>{new LmdbBatch{path, free_bytes(path.env())}};
}

LmdbBatch::~LmdbBatch() {
  drop_direct();
  if (!ended_) path_.env().code_file().drop();
}

void LmdbBatch::drop_direct() {
  if (!direct_) return;
  direct_.reset();
  path_.end_direct();
}

Result<LmdbTransaction*> LmdbBatch::direct() {
  if (direct_) return direct_.get();
  auto begun = path_.begin_direct();
  if (!begun) return std::unexpected{std::move(begun).error()};
  direct_ = *std::move(begun);
  for (const SharedOperation& module : modules_.by_digest()) {
    auto done = direct_->apply(module);
    if (done) continue;
    drop_direct();
    return std::unexpected{std::move(done).error()};
  }
  return direct_.get();
}

Result<std::optional<WasmMetaData>> LmdbBatch::find(std::string_view id) {
  if (direct_) return direct_->find(id);
  const auto added = modules_.find(id);
  auto found = added ? meta_data_of(*added) : find_outside(id);
  if (!found) return found;
  looked_for_ = id;
  found_ = *found ? (*found)->revision : 0;
  return found;
}

// First what is recent, and then a transaction that begins after that: see RecentModules.
Result<std::optional<WasmMetaData>> LmdbBatch::find_outside(std::string_view id) {
  if (const auto module = path_.recent().find(id)) return meta_data_of(*module);
  const auto reading = path_.env().read();
  if (!reading) return std::unexpected{reading.error()};
  return LmdbReader{path_.env(), reading->txn()}.find(id);
}

Result<std::optional<WasmMetaData>> LmdbBatch::find_revision(std::string_view id,
                                                             std::uint64_t revision) {
  if (direct_) return direct_->find_revision(id, revision);
  auto added = modules_.find_revision(id, revision);
  if (!added) added = path_.recent().find_revision(id, revision);
  if (added) return meta_data_of(*added);
  const auto reading = path_.env().read();
  if (!reading) return std::unexpected{reading.error()};
  return LmdbReader{path_.env(), reading->txn()}.find_revision(id, revision);
}

// Whether it is the next one of its id.
Result<bool> LmdbBatch::follows(const WasmMetaData& meta_data) {
  if (looked_for_ != meta_data.id) {
    if (const auto found = find(meta_data.id); !found) return std::unexpected{found.error()};
  }
  return meta_data.revision == found_ + 1;
}

Result<bool> LmdbBatch::has_code(const Digest& digest) const {
  const auto reading = path_.env().read();
  if (!reading) return std::unexpected{reading.error()};
  const auto reference = LmdbReader{path_.env(), reading->txn()}.reference(digest);
  if (!reference) return std::unexpected{reference.error()};
  return reference->has_value();
}

// That is not in the trees yet.
RecentCode LmdbBatch::recent_code(const Digest& digest) const {
  RecentCode own = modules_.find_code(digest);
  return own ? own : path_.recent().find_code(digest);
}

bool LmdbBatch::has_certainly_room(std::uint64_t journal, std::uint64_t code) const {
  // In the trees a module takes up to about twice its bytes, and pages that it does not fill.
  constexpr std::uint64_t kTrees = 16U << 20;
  return 2 * (bytes_ + journal + 2 * Journal::kHalf) + kTrees + placed_ + code <= free_bytes_;
}

// Gives `module` its code, as it goes to the journal; false when it cannot.
Result<bool> LmdbBatch::bring_code(Operation& module, const SharedBytes& code) {
  const bool large = code && code->size() > kSmallCode;
  // In this order: what is recent may be moved to the trees meanwhile.
  if (large || !code) {
    const RecentCode recent = recent_code(module.digest);
    module.place = recent.place;
    if (recent) return true;
  }
  // Damage is met here, while the job can still be refused.
  const auto stored = has_code(module.digest);
  if (!stored) return std::unexpected{stored.error()};
  if (*stored) return true;
  if (!code) return false;
  if (!large) {
    module.code = code;
    return true;
  }
  const std::uint64_t space = CodeFile::whole_blocks(code->size());
  if (!has_certainly_room(journal_size(module), space)) return false;
  const auto place = path_.env().code_file().add(*code);
  if (!place) return std::unexpected{place.error()};
  module.place = *place;
  placed_ += space;
  return true;
}

// As it goes to the journal; null when it cannot.
Result<SharedOperation> LmdbBatch::journalled(const WasmMetaData& meta_data,
                                              const SharedBytes& code) {
  const auto next = follows(meta_data);
  if (!next) return std::unexpected{next.error()};
  if (!*next) return nullptr;
  Operation module = put_of(meta_data);
  const std::size_t most = journal_size(module) + (code ? std::min(code->size(), kSmallCode) : 0);
  if (!has_certainly_room(most, 0) || !LmdbWritePath::is_small(bytes_ + most)) return nullptr;
  const auto brought = bring_code(module, code);
  if (!brought) return std::unexpected{brought.error()};
  if (!*brought) return nullptr;
  bytes_ += journal_size(module);
  return std::make_shared<const Operation>(std::move(module));
}

Result<void> LmdbBatch::put(const WasmMetaData& meta_data, const SharedBytes& code) {
  if (!direct_) {
    auto module = journalled(meta_data, code);
    if (!module) return std::unexpected{std::move(module).error()};
    if (*module) {
      add(*std::move(module));
      return {};
    }
  }
  auto done = put_directly(meta_data, code);
  changed_ = changed_ || done;
  return done;
}

Result<void> LmdbBatch::put_directly(const WasmMetaData& meta_data, const SharedBytes& code) {
  const auto transaction = direct();
  if (!transaction) return std::unexpected{transaction.error()};
  if (!code || code->size() <= kSmallCode) return (*transaction)->put(meta_data, code);
  const auto stored = (*transaction)->has_code(meta_data.digest);
  if (!stored) return std::unexpected{stored.error()};
  if (*stored) return (*transaction)->put(meta_data, nullptr);
  return put_large(**transaction, meta_data, code);
}

Result<void> LmdbBatch::put_large(LmdbTransaction& transaction, const WasmMetaData& meta_data,
                                  const SharedBytes& code) {
  Operation module = put_of(meta_data);
  module.code = code;
  if (auto room = transaction.check_room(module); !room) return room;
  CodeFile& file = path_.env().code_file();
  const auto place = file.add(*std::exchange(module.code, nullptr));
  if (!place) return std::unexpected{place.error()};
  module.place = *place;
  auto done = transaction.apply(std::make_shared<const Operation>(std::move(module)));
  if (!done) file.drop_last();
  return done;
}

void LmdbBatch::add(SharedOperation module) {
  looked_for_.clear();
  modules_.add(std::move(module));
}

Result<std::vector<Digest>> LmdbBatch::erase(std::string_view id) {
  const auto transaction = direct();
  if (!transaction) return std::unexpected{transaction.error()};
  auto done = (*transaction)->erase(id);
  changed_ = changed_ || done;
  return done;
}

Result<void> LmdbBatch::commit() {
  auto committed = path_.sync_code();
  if (committed) committed = commit_records();
  drop_direct();
  if (!committed) return committed;
  path_.env().code_file().keep();
  ended_ = true;
  return {};
}

Result<void> LmdbBatch::commit_records() {
  if (direct_ && changed_) return path_.commit_direct(*direct_);
  drop_direct();
  return modules_.size() == 0 ? Result<void>{} : path_.append(modules_);
}

}  // namespace wasm_server
