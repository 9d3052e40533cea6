#include "store/backup/staged_store.h"

#include <array>
#include <system_error>
#include <utility>

#include "store/open_store.h"
#include "store/sync_directory.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

constexpr const char* kStaging = "staging";
constexpr const char* kStaged = "staged";
constexpr const char* kFormer = "former";
// The database last: without it nothing in the directory is taken for a store.
constexpr std::array kParts = {"blobs", "db"};

std::unexpected<Error> cannot(const Path& path, const std::string& what, int error) {
  return fail(ErrorCode::kInternal, "data directory " + path.string() + ": cannot " + what + ": " +
                                        std::generic_category().message(error));
}

Result<void> sync(const Path& directory) {
  const int error = sync_directory(directory);
  return error == 0 ? Result<void>{} : cannot(directory, "sync it", error);
}

Result<void> move_within(const Path& directory, const Path& from, const Path& to) {
  std::error_code error;
  std::filesystem::rename(directory / from, directory / to, error);
  if (error) return cannot(directory, "move " + from.string(), error.value());
  TRY(sync((directory / from).parent_path()));
  return sync((directory / to).parent_path());
}

// Does nothing where an earlier attempt did it.
Result<void> exchange(const Path& directory, const char* part) {
  const Path staged = Path{kStaged} / part;
  if (!std::filesystem::exists(directory / staged)) return {};
  if (std::filesystem::exists(directory / part)) {
    TRY(move_within(directory, part, Path{kStaged} / kFormer / part));
  }
  return move_within(directory, staged, part);
}

Result<std::string> keep_former(const Path& directory) {
  const Path former = Path{kStaged} / kFormer;
  if (std::filesystem::is_empty(directory / former)) return std::string{};
  std::string name;
  for (int number = 1; name.empty() || std::filesystem::exists(directory / name); ++number)
    name = "damaged-" + std::to_string(number);
  TRY(move_within(directory, former, name));
  return name;
}

}  // namespace

Result<StagedStore> StagedStore::make(const Path& directory) {
  std::error_code error;
  std::filesystem::remove_all(directory / kStaging, error);
  if (error) return cannot(directory, "remove " + std::string{kStaging}, error.value());
  TRY_ASSIGN(auto store,
             open_store(directory / kStaging, {.max_bytes = kAnyBytes, .reserve_bytes = 0}));
  return StagedStore{directory, std::move(store)};
}

StagedStore::~StagedStore() {
  if (!store_) return;
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_ / kStaging, ignored);
}

Result<void> StagedStore::finish() {
  store_.reset();
  return move_within(directory_, kStaging, kStaged);
}

bool has_staged(const Path& directory) { return std::filesystem::exists(directory / kStaged); }

Result<std::string> install_staged(const Path& directory) {
  std::error_code error;
  std::filesystem::create_directory(directory / kStaged / kFormer, error);
  if (error) return cannot(directory, "make a directory", error.value());
  for (const char* part : kParts) {
    TRY(exchange(directory, part));
  }
  TRY_ASSIGN(std::string former, keep_former(directory));
  // They are authenticated by a secret of the former store: they are made anew.
  std::filesystem::remove_all(directory / "artefacts", error);
  std::filesystem::remove_all(directory / kStaged, error);
  if (error) return cannot(directory, "remove " + std::string{kStaged}, error.value());
  TRY(sync(directory));
  return former;
}

bool has_store(const Path& directory) {
  return std::filesystem::exists(directory / "db") ||
         std::filesystem::exists(directory / "blobs") ||
         std::filesystem::exists(directory / "data.mdb");
}

}  // namespace wasm_server
