#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>

#include "store/kv.h"
#include "store/rocks/rocks_database.h"

namespace wasm_server {

class RocksCursor final : public Cursor {
 public:
  // `database` must outlive it, and so must the snapshot that `options` may name.
  RocksCursor(const RocksDatabase& database, Table table, std::string_view from,
              const rocksdb::ReadOptions& options = {});

  bool valid() const override { return at_->Valid(); }
  std::string_view key() const override { return at_->key().ToStringView(); }
  std::string_view value() const override { return at_->value().ToStringView(); }
  void next() override;
  Result<void> status() const override;
  void skip_damage() override;

 private:
  bool can_seek(std::string_view key);

  const std::unique_ptr<rocksdb::Iterator> at_;
  std::string last_;  // key that was read, or where it began: the damage lies behind it
};

// The key that divides what is between two, `low` being the smaller; `low` itself when they are as
// good as neighbours.
std::string key_between(std::string_view low, std::string_view high);

}  // namespace wasm_server
