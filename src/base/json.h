#pragma once

// A JSON text (RFC 8259) as a tree of views into it: a module's base64, the largest thing that a
// request holds, is not copied, and numbers keep their literal text, so that each becomes its own
// type with a single rounding. UTF-8 only, no name twice in an object. Bounded, so that a small
// hostile text cannot become a large tree: a value takes 48 bytes.

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace wasm_server {

inline constexpr std::size_t kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxJsonItems = 16'384;   // of one array or object
inline constexpr std::size_t kMaxJsonValues = 65'536;  // in one text

enum class JsonKind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

// "null", "a boolean", "a number", ...
std::string_view with_article(JsonKind kind);

// One value of a JsonDocument, which must outlive it. Cheap to copy. Iteration goes over an array's
// elements or an object's members.
class JsonValue {
 public:
  class Iterator;

  JsonKind kind() const { return node_->kind; }
  bool boolean() const { return node_->boolean; }
  // A number as it is written, a string's decoded text.
  std::string_view text() const { return node_->text; }
  // In the object that it is a member of; else empty.
  std::string_view name() const { return node_->name; }
  // How many elements or members it has.
  std::size_t size() const { return node_->size; }
  Iterator begin() const;
  Iterator end() const;

 private:
  friend class JsonBuilder;
  friend class JsonDocument;

  // The nodes of a document stand in the order of its text: each before all that it holds.
  struct Node {
    JsonKind kind = JsonKind::kNull;
    bool boolean = false;
    std::uint32_t span = 1;  // how many nodes it is, with all that it holds
    std::uint32_t size = 0;  // how many of these it holds itself
    std::string_view name{};
    std::string_view text{};
  };

  explicit JsonValue(const Node* node) : node_(node) {}

  const Node* node_;
};

class JsonValue::Iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = JsonValue;

  Iterator() = default;
  JsonValue operator*() const { return JsonValue(node_); }
  Iterator& operator++() {
    node_ += node_->span;
    return *this;
  }
  Iterator operator++(int) {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator&, const Iterator&) = default;

 private:
  friend class JsonValue;
  explicit Iterator(const Node* node) : node_(node) {}

  const Node* node_ = nullptr;
};

inline JsonValue::Iterator JsonValue::begin() const { return Iterator(node_ + 1); }
inline JsonValue::Iterator JsonValue::end() const { return Iterator(node_ + node_->span); }

// What was parsed. Its values stay good when it is moved.
class JsonDocument {
 public:
  JsonValue root() const { return JsonValue(nodes_.data()); }

  // An array that no text said: numbers, as they would be written, and strings.
  struct Item {
    JsonKind kind;
    std::string text;
  };
  static JsonDocument array(std::vector<Item> items);

 private:
  friend class JsonBuilder;
  friend Result<JsonDocument> parse_json(SharedBytes text);
  using Node = JsonValue::Node;

  std::vector<Node> nodes_;
  std::forward_list<std::string> decoded_;  // texts that are not views into the parsed one
  SharedBytes text_;                        // null when the caller keeps it
};

// `text` must outlive the document. kBadRequest says what is wrong and at which byte.
Result<JsonDocument> parse_json(std::string_view text);
// The document keeps the text.
Result<JsonDocument> parse_json(SharedBytes text);

}  // namespace wasm_server
