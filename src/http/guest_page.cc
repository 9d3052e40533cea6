#include "http/guest_page.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/text.h"

namespace wasm_server {
namespace {

// The path up to its {id}: all that is the guest's begins so.
std::string_view guests_root(const Request& request) {
  std::string_view root = request.path.substr(0, request.path.size() - request.rest.size());
  if (root.ends_with('/')) root.remove_suffix(1);
  return root;
}

}  // namespace

bool is_of_own_guests_page(const Request& request, const Route* route) {
  if (route == nullptr || !route->is_guests) return false;
  std::string_view page = request.header("referer");
  const std::size_t scheme = page.find("://");
  if (scheme == page.npos) return false;
  page.remove_prefix(scheme + 3);
  const std::string_view host = page.substr(0, std::min(page.find('/'), page.size()));
  page.remove_prefix(host.size());
  const std::string_view root = guests_root(request);
  if (host.empty() || !equals_lower(host, to_lower(request.host)) || !page.starts_with(root)) {
    return false;
  }
  page.remove_prefix(root.size());
  return page.empty() || page.front() == '/' || page.front() == '?';
}

}  // namespace wasm_server
