#include "store/lmdb_store.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/lmdb_batch.h"
#include "store/lmdb_env.h"
#include "store/lmdb_format.h"
#include "store/lmdb_reader.h"
#include "store/lmdb_write_path.h"

namespace wasm_server {
namespace {

// The store's errors are the client's in kind; at start the operator sees only the message, which
// then needs the rest.
std::unexpected<Error> cannot_open(const std::filesystem::path& directory, const Error& error) {
  std::string message = "cannot open the database in " + directory.string() + ": ";
  message += error.log.empty() ? error.message : error.log;
  return fail(error.code, std::move(message));
}

// Asks `question` of a reader within one short transaction.
template <class Question>
auto ask(LmdbEnv& env, Question question) -> decltype(question(std::declval<const LmdbReader&>())) {
  auto reading = env.read();
  if (!reading) return std::unexpected{std::move(reading).error()};
  const LmdbReader reader{env, reading->txn()};
  return question(reader);
}

// The same with what is recent, for questions about more than one record: not when the database
// has all of it and perhaps more, such as an erasure.
template <class Question>
auto ask_with_recent(LmdbEnv& env, const RecentModules& recent, Question question) {
  const auto view = recent.view();
  return ask(env, [&](const LmdbReader& reader) -> decltype(question(reader, view.get())) {
    if (!view) return question(reader, nullptr);
    const auto number = reader.number();
    if (!number) return std::unexpected{number.error()};
    return question(reader, *number < view->number ? view.get() : nullptr);
  });
}

}  // namespace

Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const std::filesystem::path& path,
                                                   const LmdbSettings& settings) {
  auto directory = DataDirectory::acquire(path);
  if (!directory) return std::unexpected{std::move(directory).error()};
  auto env = LmdbEnv::open(path, settings);
  if (!env) return std::unexpected{std::move(env).error()};
  auto secret = prepare_format(**env);
  if (!secret) return cannot_open(path, secret.error());
  std::unique_ptr<LmdbStore> store{
      new LmdbStore{std::move(*directory), std::move(*env), std::move(*secret)}};
  auto write_path =
      LmdbWritePath::open(path, store->secret_, *store->env_, store->state_, store->recent_);
  if (!write_path) return cannot_open(path, write_path.error());
  store->write_path_ = *std::move(write_path);
  if (auto synced = store->directory_.sync(); !synced)
    return std::unexpected{std::move(synced).error()};
  return store;
}

LmdbStore::LmdbStore(DataDirectory directory, std::unique_ptr<LmdbEnv> env, std::string secret)
    : directory_(std::move(directory)), env_(std::move(env)), secret_(std::move(secret)) {}

LmdbStore::~LmdbStore() = default;

// Reading: what is recent first, and then a transaction that begins after that.

Result<std::optional<WasmMetaData>> LmdbStore::find(std::string_view id) {
  if (const auto recent = recent_.find(id)) return meta_data_of(*recent);
  return ask(*env_, [&](const LmdbReader& reader) { return reader.find(id); });
}

Result<std::optional<WasmMetaData>> LmdbStore::find_revision(std::string_view id,
                                                             std::uint64_t revision) {
  if (const auto recent = recent_.find_revision(id, revision)) return meta_data_of(*recent);
  return ask(*env_, [&](const LmdbReader& reader) { return reader.find_revision(id, revision); });
}

Result<std::vector<WasmMetaData>> LmdbStore::revisions(std::string_view id) {
  return ask_with_recent(*env_, recent_,
                         [&](const LmdbReader& reader, const RecentModules::View* recent) {
                           return reader.revisions(id, recent);
                         });
}

Result<ListPage> LmdbStore::list(const ListQuery& query) {
  return ask_with_recent(*env_, recent_,
                         [&](const LmdbReader& reader, const RecentModules::View* recent) {
                           return reader.list(query, recent);
                         });
}

// At most `length` bytes of a module's code from `offset` on, wherever it stands; false when it is
// not there.
Result<bool> LmdbStore::copy_code(const Digest& digest, std::uint64_t offset, std::size_t length,
                                  Bytes& out) {
  const CodeFile& file = env_->code_file();
  const auto held = file.hold();
  std::optional<CodePlace> place;
  if (const RecentCode recent = recent_.find_code(digest)) {
    if (recent.bytes) {
      out.assign(*recent.bytes, std::min<std::uint64_t>(offset, recent.bytes->size()), length);
      return true;
    }
    place = recent.place;
  } else {
    const auto copied = copy_stored_code(digest, offset, length, out, place);
    if (!copied || !*copied || !place) return copied;
  }
  if (auto read = file.read(*place, offset, length, out); !read)
    return std::unexpected{std::move(read).error()};
  return true;
}

// From the trees, which may say instead that its place is in the code file.
Result<bool> LmdbStore::copy_stored_code(const Digest& digest, std::uint64_t offset,
                                         std::size_t length, Bytes& out,
                                         std::optional<CodePlace>& place) {
  return ask(*env_, [&](const LmdbReader& reader) -> Result<bool> {
    const auto reference = reader.reference(digest);
    if (!reference) return std::unexpected{reference.error()};
    if (!*reference) return false;
    place = (*reference)->place;
    if (place) return true;
    auto code = (*reference)->code;
    if (!code) {
      const auto blob = reader.get(env_->databases().blobs, to_key(digest));
      if (!blob) return std::unexpected{blob.error()};
      if (!*blob) return false;
      code = **blob;
    }
    out.assign(code->substr(std::min<std::uint64_t>(offset, code->size()), length));
    return true;
  });
}

Result<std::optional<Bytes>> LmdbStore::read_blob(const Digest& digest, bool verify) {
  Bytes code;
  const auto copied = copy_code(digest, 0, std::numeric_limits<std::size_t>::max(), code);
  if (!copied) return std::unexpected{copied.error()};
  if (!*copied) return std::nullopt;
  // The copy is verified: what is hashed is what is used, and no transaction waits for it.
  if (verify && sha256(code) != digest) {
    return fail(ErrorCode::kInternal, "the stored code is damaged",
                "blob " + to_hex(digest) + " has another digest");
  }
  return std::optional{std::move(code)};
}

Result<bool> LmdbStore::has_blob(const Digest& digest) {
  if (recent_.find_code(digest)) return true;
  return ask(*env_, [&](const LmdbReader& reader) -> Result<bool> {
    const auto reference = reader.reference(digest);
    if (!reference) return std::unexpected{reference.error()};
    return reference->has_value();
  });
}

Result<bool> LmdbStore::read_blob_slice(const Digest& digest, std::uint64_t offset,
                                        std::size_t length, Bytes& out) {
  return copy_code(digest, offset, length, out);
}

Result<std::unique_ptr<Store::Transaction>> LmdbStore::begin() {
  return LmdbBatch::begin(*write_path_);
}

}  // namespace wasm_server
