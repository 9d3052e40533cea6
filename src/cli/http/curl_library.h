#pragma once

#include <string>

#include <curl/curl.h>

#include "cli/failure.h"

namespace wasm_server::cli {

// libcurl, loaded when a client command needs it. It brings two dozen libraries of its own, which
// would make every start of the server and of its compile workers take 5 ms longer.
struct CurlLibrary {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_setopt) set;
  decltype(&::curl_easy_perform) perform;
  decltype(&::curl_easy_getinfo) info;
  decltype(&::curl_easy_strerror) error_text;
  decltype(&::curl_slist_append) list_append;
  decltype(&::curl_slist_free_all) list_free;
  decltype(&::curl_version) version;
};

// Stays loaded until the process ends.
Outcome<const CurlLibrary*> load_curl();

}  // namespace wasm_server::cli
