#pragma once

#include <string>

#include "store/store.h"

namespace wasm_server {

// A call looks at no more records than this, so that a filter which hardly anything passes cannot
// hold up a worker. The page is then shorter than its limit, and `next` goes on behind the last
// record that was looked at.
inline constexpr std::size_t kListScan = 16'384;

// Builds a page from records that are offered in the order of their ids; the memory store and LMDB
// share it.
class PageBuilder {
 public:
  explicit PageBuilder(const ListQuery& query) : query_(query) {}

  // The smallest key to look at.
  std::string first_key() const;
  bool in_range(std::string_view id) const { return id.starts_with(query_.prefix); }

  // False when the page is complete.
  bool offer(WasmMetaData meta_data);

  ListPage take() { return std::move(page_); }

 private:
  bool matches(const WasmMetaData& meta_data) const;

  const ListQuery& query_;
  ListPage page_;
  std::size_t looked_at_ = 0;
};

}  // namespace wasm_server
