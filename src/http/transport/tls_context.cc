#include "http/transport/tls_context.h"

#include <sys/stat.h>

#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include <openssl/err.h>

namespace wasm_server {
namespace {

// Of TLS 1.2; those of 1.3 are all as good.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view kAlpn = "\x08http/1.1";

// What OpenSSL complained of first, which is the cause; forgets the rest.
std::string reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* const text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "it cannot be read" : text;
}

std::unexpected<Error> cannot_use(const char* what, const std::filesystem::path& file,
                                  const std::string& why) {
  return fail(ErrorCode::kBadRequest,
              "cannot use the " + std::string(what) + " in " + file.string() + ": " + why);
}

// Instead of a question on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

// A client that speaks other protocols only is told so (RFC 7301, section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  const auto* const ours = reinterpret_cast<const unsigned char*>(kAlpn.data());
  const int result = SSL_select_next_proto(&found, size, ours, kAlpn.size(), offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

void set_protocol(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // An idle connection holds no buffers; a record is read with one system call.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  constexpr std::array<unsigned char, 11> kName{'w', 'a', 's', 'm', '-', 's',
                                                'e', 'r', 'v', 'e', 'r'};
  SSL_CTX_set_session_id_context(context, kName.data(), kName.size());
}

Result<void> load_pair(SSL_CTX* context, const TlsSettings& settings) {
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.c_str()) != 1)
    return cannot_use("certificate", settings.certificate, reason());
  if (SSL_CTX_use_PrivateKey_file(context, settings.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return cannot_use("key", settings.key, reason());
  return {};
}

Result<void> require_client_certificates(SSL_CTX* context,
                                         const std::filesystem::path& authorities) {
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(authorities.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, authorities.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return cannot_use("clients' authorities", authorities, reason());
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::load(TlsSettings settings) {
  std::shared_ptr<TlsContext> loaded{new TlsContext{std::move(settings)}};
  TRY(loaded->reload(/*only_if_changed=*/false));
  return loaded;
}

Result<TlsContext::Context> TlsContext::make(const TlsSettings& settings) {
  ERR_clear_error();
  Context context{SSL_CTX_new(TLS_server_method())};
  if (!context) return fail(ErrorCode::kInternal, "cannot use TLS: " + reason());
  set_protocol(context.get());
  TRY(load_pair(context.get(), settings));
  if (!settings.client_ca.empty()) {
    TRY(require_client_certificates(context.get(), settings.client_ca));
  }
  return context;
}

TlsContext::Ssl TlsContext::make_connection() const {
  const std::lock_guard lock(mutex_);
  return Ssl{SSL_new(context_.get())};
}

Result<bool> TlsContext::reload(bool only_if_changed) {
  const std::lock_guard loading(loading_);
  auto found = versions();  // before they are read: what changes meanwhile is read again
  if (only_if_changed && found == loaded_) return false;
  loaded_ = std::move(found);
  TRY_ASSIGN(Context fresh, make(settings_));
  const std::lock_guard lock(mutex_);
  context_.swap(fresh);
  return true;
}

std::vector<TlsContext::Version> TlsContext::versions() const {
  std::vector<Version> found;
  for (const auto* file : {&settings_.certificate, &settings_.key, &settings_.client_ca}) {
    struct stat status{};
    Version version;
    if (!file->empty() && stat(file->c_str(), &status) == 0) {
      version = {status.st_dev, status.st_ino,
                 status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_size};
    }
    found.push_back(version);
  }
  return found;
}

}  // namespace wasm_server
