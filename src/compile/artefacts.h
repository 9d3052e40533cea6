#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/digest.h"
#include "base/result.h"
#include "engine/code/compiled_module.h"

namespace wasm_server {

// Compiled code on disk: a cache, never data. One file per module, named by the digest of its code
// and by the engine's compatibility number, mode 0600 in a directory of mode 0700, written to a
// temporary name and renamed.
//
// A file ends with a trailer of 36 bytes: 12 bytes nonce, 16 bytes AES-256-GCM tag, 8 bytes magic
// "WSRVART1". The tag authenticates the artefact together with its name, under a key made from the
// store's secret (SHA-256 of a label and the secret), so that nothing this server did not write is
// ever loaded: a missing, foreign, cut-off, altered or older file is simply compiled again.
// Therefore files are not synced either: what a crash tears does not authenticate.
//
// A file's modification time is when its code was last wanted: written, loaded from the disk for an
// execution, or in use at a stop. Nothing but the order of a preload depends on it.
//
// Safe from any thread.
class Artefacts {
 public:
  // Creates `directory` if need be.
  static Result<std::unique_ptr<Artefacts>> open(const std::string& directory, const Engine& engine,
                                                 const std::string& secret);

  // kNotFound when there is no artefact, or none that authenticates (that one is removed). The file
  // is opened once: what was checked is what the engine maps, whatever becomes of its name.
  Result<std::shared_ptr<const CompiledModule>> load(const Digest& digest) const;

  // For a thread that must not wait for the disk: the same when the file is small and the system
  // has all of it in memory, and null otherwise. Takes some tens of microseconds.
  std::shared_ptr<const CompiledModule> load_without_io(const Digest& digest) const;

  // Keeps an artefact, as CompiledModule::serialize or precompile gives it. A failure costs only a
  // compilation after the next start; the caller logs it.
  Result<void> save(const Digest& digest, ByteView content) const;

  struct Used {
    Digest digest;
    std::uint64_t bytes;  // of the file
  };
  // Those of this engine that were wanted last, latest first, at most `limit`. Takes time in
  // proportion to the number of files; ends early, with what it has, when `go_on` says no.
  std::vector<Used> last_used(std::size_t limit, const std::function<bool()>& go_on) const;
  // They were wanted just now, the first one latest. What has no artefact is passed over.
  void mark_used(std::span<const Digest> latest_first) const;

  bool contains(const Digest& digest) const;
  // The same without asking the disk: false when that would have to be done.
  bool contains_without_io(const Digest& digest) const;
  void remove(const Digest& digest) const;

  // Removes what older engines and crashes left, and the artefacts of code that `is_stored` denies.
  // Takes time in proportion to the number of files; ends early when `go_on` says no.
  void remove_stale(const std::function<bool(const Digest&)>& is_stored,
                    const std::function<bool()>& go_on) const;

 private:
  Artefacts(std::string directory, const Engine& engine, std::string_view secret);

  std::string path_of(const Digest& digest) const;
  std::string name_of(const Digest& digest) const;
  std::string temporary_path_of(const Digest& digest) const;
  std::optional<Digest> digest_of(std::string_view name) const;
  bool is_stale(std::string_view name, const std::function<bool(const Digest&)>& is_stored) const;
  bool authentic(int fd, const Digest& digest) const;
  using Read = bool (*)(int fd, std::span<char> all);
  Result<std::shared_ptr<const CompiledModule>> load_small(int fd, std::size_t size, Read read,
                                                           const Digest& digest) const;
  Result<std::shared_ptr<const CompiledModule>> load_file(Descriptor file,
                                                          const Digest& digest) const;

  const std::string directory_;
  const Engine& engine_;
  Digest key_;
  // In the names of the temporary files of this object, so that no other one's is taken for its
  // own.
  const std::string mark_;
};

}  // namespace wasm_server
