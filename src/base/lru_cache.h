#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace wasm_server {

// Looks texts up whatever type they come in.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
};

// A map that knows which of its entries was used least recently. It has no bound of its own,
// because only its owner knows what an entry costs: after an insertion the owner calls `pop_oldest`
// until it holds no more than it may. Not thread-safe: an owner that shares it guards it with a
// mutex.
//
// With a transparent `Hash` (`is_transparent`), a look-up by string_view makes no string.
template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<>>
class LruCache {
 public:
  using Entry = std::pair<const Key, Value>;

  // The entry, which becomes the most recently used one; null when there is none. Valid until it is
  // removed.
  template <class K>
  Value* find(const K& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  // The same, but the entry's rank stays.
  template <class K>
  Value* peek(const K& key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }

  // As the most recently used one; `key` must not be there yet.
  Value& insert(Key key, Value value) {
    entries_.emplace_front(std::move(key), std::move(value));
    index_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second;
  }

  // Removes it and hands it over; the key must be there.
  template <class K>
  Value take(const K& key) {
    return remove(index_.find(key));
  }

  // Removes the entry that was used least recently and hands it over; there must be one.
  Value pop_oldest() { return remove(index_.find(entries_.back().first)); }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

  // Most recently used first.
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  const Entry& oldest() const { return entries_.back(); }

 private:
  using Entries = std::list<Entry>;
  using Index = std::unordered_map<Key, typename Entries::iterator, Hash, Equal>;

  Value remove(typename Index::iterator found) {
    const auto entry = found->second;
    Value value = std::move(entry->second);
    index_.erase(found);
    entries_.erase(entry);
    return value;
  }

  Entries entries_;  // most recently used first
  Index index_;
};

}  // namespace wasm_server
