#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "base/result.h"

namespace wasm_server {

// PEM files.
struct TlsSettings {
  std::filesystem::path certificate{};  // the server's, then those that signed it
  std::filesystem::path key{};          // without a passphrase
  std::filesystem::path client_ca{};    // empty: clients need no certificate

  bool is_on() const { return !certificate.empty(); }
};

// What TLS connections of a server are made with: TLS 1.2 and 1.3, ciphers with forward secrecy and
// authentication only, HTTP/1.1 by ALPN, session tickets. The files can be loaded anew at any
// time: connections that are there go on as they began, and if something is wrong with the new
// files the old ones stay in use. Safe from any thread.
class TlsContext {
 public:
  // The message of an error names the file and says in one line what is wrong with it.
  static Result<std::shared_ptr<TlsContext>> load(TlsSettings settings);

  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  using Ssl = std::unique_ptr<SSL, FreeSsl>;
  // The server's side of one connection, without its transport. Null when there is no memory.
  Ssl make_connection() const;

  // Reads the files again, or does so only if one of them has changed since they were read last, be
  // it in vain. Whether they were read.
  Result<bool> reload(bool only_if_changed);

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using Context = std::unique_ptr<SSL_CTX, FreeContext>;
  // By which a file that was replaced or written again differs from what it was.
  struct Version {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;
    std::int64_t size = 0;
    bool operator==(const Version&) const = default;
  };

  explicit TlsContext(TlsSettings settings) : settings_(std::move(settings)) {}
  static Result<Context> make(const TlsSettings& settings);
  std::vector<Version> versions() const;

  const TlsSettings settings_;
  std::mutex loading_;
  std::vector<Version> loaded_;  // guarded by loading_
  mutable std::mutex mutex_;
  Context context_;  // guarded by mutex_; connections hold the one that they were made with
};

}  // namespace wasm_server
