#pragma once

#include <string>
#include <utility>

#include "store/module_repository.h"

namespace wasm_server {

// A call looks at no more records than this, so that a filter which hardly anything passes cannot
// hold up a worker. The page is then shorter than its limit, and `next` goes on behind the last
// record that was looked at.
inline constexpr std::size_t kListScan = 16'384;

// The records of a page have this many bytes together, and those of the last one: a record is large
// where the code exports much, and a page is in memory as a whole. The page is shorter then as
// well.
inline constexpr std::size_t kListBytes = 1U << 20;

// Builds a page from records that are offered in the order of their ids.
class PageBuilder {
 public:
  explicit PageBuilder(const ListQuery& query) : query_(query) {}

  // The smallest key to look at.
  std::string first_key() const;
  bool in_range(std::string_view id) const { return id.starts_with(query_.prefix); }

  // `size`: the record's bytes. False when the page is complete.
  bool offer(WasmMetaData meta_data, std::size_t size);

  // What lies in the page's range and cannot be shown.
  void say(Unreadable damaged) { page_.damaged.push_back(std::move(damaged)); }

  // Ends the page behind the last record that was looked at.
  void pause(std::string after) {
    page_.next = std::move(after);
    page_.paused = true;
  }

  ListPage take() { return std::move(page_); }

 private:
  bool matches(const WasmMetaData& meta_data) const;

  const ListQuery& query_;
  ListPage page_;
  std::size_t looked_at_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace wasm_server
