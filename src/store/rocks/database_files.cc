#include "store/rocks/database_files.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "store/sync_directory.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

// Is there from before a new database's first file until it is whole.
constexpr const char* kUnfinished = "unfinished";

std::unexpected<Error> refuse(const std::string& why) { return fail(ErrorCode::kInternal, why); }

std::unexpected<Error> cannot_make(const Path& path, int error) {
  return refuse("cannot make " + path.string() + ": " + std::generic_category().message(error));
}

std::unexpected<Error> missing(const std::string& file) {
  return refuse("the file " + file + " is missing");
}

// At most so much of its begin.
std::string begin_of(const Path& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  std::string begin(most, '\0');
  file.read(begin.data(), static_cast<std::streamsize>(most));
  begin.resize(static_cast<std::size_t>(file.gcount()));
  return begin;
}

}  // namespace

Result<bool> begin_creation(const Path& path) {
  std::error_code error;
  if (std::filesystem::exists(path / kUnfinished)) std::filesystem::remove_all(path, error);
  if (std::filesystem::exists(path)) return false;
  std::filesystem::create_directory(path, error);
  if (error || !std::ofstream(path / kUnfinished)) return cannot_make(path, errno);
  if (const int failed = sync_directory(path); failed != 0) return cannot_make(path, failed);
  return true;
}

Result<void> end_creation(const Path& path) {
  std::error_code error;
  std::filesystem::remove(path / kUnfinished, error);
  if (const int failed = sync_directory(path); failed != 0) return cannot_make(path, failed);
  return {};
}

Result<void> check_complete(const Path& path) {
  for (const char* file : {"CURRENT", "IDENTITY"}) {
    if (!std::filesystem::exists(path / file)) return missing(file);
  }
  std::string manifest = begin_of(path / "CURRENT", 100);
  if (!manifest.starts_with("MANIFEST-") || !manifest.ends_with('\n'))
    return refuse("the file CURRENT is damaged");
  manifest.pop_back();
  if (!std::filesystem::exists(path / manifest)) return missing(manifest);
  // Its first record names the database (write_dbid_to_manifest).
  constexpr std::size_t kFirstRecord = 256;
  if (begin_of(path / manifest, kFirstRecord).find(read_identity(path)) == std::string::npos)
    return refuse("the file " + manifest + " is damaged, or that of another database");
  return {};
}

std::string read_identity(const Path& path) {
  std::string identity = begin_of(path / "IDENTITY", 100);
  while (identity.ends_with('\n')) identity.pop_back();
  return identity;
}

}  // namespace wasm_server
