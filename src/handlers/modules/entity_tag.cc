#include "handlers/modules/entity_tag.h"

#include <cstddef>

namespace wasm_server {
namespace {

constexpr std::string_view kSuffixes = "jmw";  // by Form

}  // namespace

std::string entity_tag(const WasmMetaData& meta_data, Form form) {
  return etag_of(meta_data) + kSuffixes[static_cast<std::size_t>(form)];
}

std::string_view revision_tag(std::string_view tag) {
  if (tag.empty() || kSuffixes.find(tag.back()) == kSuffixes.npos) return {};
  tag.remove_suffix(1);
  return tag;
}

}  // namespace wasm_server
