#include "store/store_check.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "store/module_record.h"
#include "store/module_repository.h"

namespace wasm_server {
namespace {

std::string_view why(const Error& error) { return error.log.empty() ? error.message : error.log; }

Digest digest_of(std::string_view key) {
  Digest digest;
  std::ranges::copy(key.substr(0, digest.bytes.size()), digest.bytes.begin());
  return digest;
}

class Check {
 public:
  explicit Check(const Store& store) : store_(store), repository_(store) {}

  StoreReport run() {
    for_each(Table::kModules, [this](std::string_view key, std::string_view record) {
      ++report_.modules;
      look_at_record(key, record);
    });
    for_each(Table::kRevisions, [this](std::string_view key, std::string_view record) {
      ++report_.revisions;
      look_at_record(key.substr(0, key.find('\0')), record);
    });
    for_each(Table::kReferences, [this](std::string_view key, std::string_view record) {
      ++report_.codes;
      look_at_code(digest_of(key), record);
    });
    for (const auto& [digest, count] : held_) {
      if (count > 0) say("code " + to_hex(digest) + " is missing, which revisions have");
    }
    return std::move(report_);
  }

 private:
  void say(std::string line) { report_.damage.push_back(std::move(line)); }

  // What cannot be read is damage; what lies behind it is looked at all the same.
  template <class Look>
  void for_each(Table table, Look look) {
    const auto cursor = store_.scan(table, {});
    while (true) {
      for (; cursor->valid(); cursor->next()) look(cursor->key(), cursor->value());
      const auto status = cursor->status();
      if (status) return;
      say(std::string{"table "} + table_names()[std::to_underlying(table)] + ": " +
          std::string{why(status.error())});
      incomplete_ = true;
      cursor->skip_damage();
      if (!cursor->status()) return;
    }
  }

  void look_at_record(std::string_view id, std::string_view record) {
    const auto read = decode_record(id, record);
    if (!read) {
      incomplete_ = true;
      return say("module " + std::string{id} + ": " + std::string{why(read.error())});
    }
    ++held_[read->digest];
  }

  void look_at_code(const Digest& digest, std::string_view record) {
    const auto found = held_.find(digest);
    const std::uint64_t held = found == held_.end() ? 0 : std::exchange(found->second, 0);
    const auto reference = decode_reference(digest, record);
    if (!reference) return say(std::string{why(reference.error())});
    // Where revisions could not be read, counts say nothing.
    if (reference->count != held && !incomplete_) {
      say("code " + to_hex(digest) + " counts " + std::to_string(reference->count) +
          " references, and has " + std::to_string(held));
    }
    const auto code = repository_.read_code(digest);
    if (!code) return say(std::string{why(code.error())});
    if (!*code || sha256(**code) != digest)
      say("code " + to_hex(digest) + " is not what was stored");
  }

  const Store& store_;
  const ModuleRepository repository_;
  StoreReport report_;
  std::map<Digest, std::uint64_t> held_;  // revisions whose reference was not seen yet
  bool incomplete_ = false;
};

}  // namespace

StoreReport check_store(const Store& store) { return Check{store}.run(); }

}  // namespace wasm_server
