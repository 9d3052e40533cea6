#include "store/page_builder.h"

#include <algorithm>
#include <utility>

namespace wasm_server {

std::string PageBuilder::first_key() const {
  // The least text that is greater than `after` is `after` and a zero byte.
  return query_.after < query_.prefix ? query_.prefix : query_.after + '\0';
}

bool PageBuilder::offer(WasmMetaData meta_data, std::size_t size) {
  ++looked_at_;
  const bool match = matches(meta_data);
  if (match && (page_.items.size() >= query_.limit || bytes_ >= kListBytes)) {
    page_.next = page_.items.empty() ? query_.after : page_.items.back().id;
    return false;
  }
  if (looked_at_ >= kListScan) page_.next = meta_data.id;
  if (match) {
    bytes_ += size;
    page_.items.push_back(std::move(meta_data));
  }
  return looked_at_ < kListScan;
}

bool PageBuilder::matches(const WasmMetaData& meta_data) const {
  if (query_.kind && *query_.kind != meta_data.info->kind) return false;
  return std::ranges::all_of(query_.labels, [&](const auto& label) {
    const auto found = meta_data.labels.find(label.first);
    return found != meta_data.labels.end() && found->second == label.second;
  });
}

}  // namespace wasm_server
