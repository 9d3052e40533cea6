#include "cli/http/curl_library.h"

#include <dlfcn.h>

namespace wasm_server::cli {
namespace {

constexpr const char* kName = "libcurl.so.4";

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, CurlLibrary& curl) {
  return find(library, "curl_global_init", curl.global_init) &&
         find(library, "curl_easy_init", curl.easy_init) &&
         find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
         find(library, "curl_easy_reset", curl.easy_reset) &&
         find(library, "curl_easy_setopt", curl.set) &&
         find(library, "curl_easy_perform", curl.perform) &&
         find(library, "curl_easy_getinfo", curl.info) &&
         find(library, "curl_easy_strerror", curl.error_text) &&
         find(library, "curl_slist_append", curl.list_append) &&
         find(library, "curl_slist_free_all", curl.list_free) &&
         find(library, "curl_version", curl.version);
}

}  // namespace

Outcome<const CurlLibrary*> load_curl() {
  static CurlLibrary curl{};
  static const bool loaded = [] {
    void* const library = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
    return library != nullptr && find_all(library, curl) &&
           curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }();
  if (loaded) return &curl;
  return failure(kLocalTrouble, std::string(kName) +
                                    " could not be loaded, which the client commands need; "
                                    "install it (Debian: apt-get install libcurl4)");
}

}  // namespace wasm_server::cli
