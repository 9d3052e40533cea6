#pragma once

// What is known of a route apart from its handler. Routes stand in one table (for the server's own:
// handlers/route_table.h); the router is built from it, and whatever else has to know them reads
// it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "http/request.h"

namespace wasm_server {

// How a route takes the body of a request.
enum class BodyHandling : std::uint8_t {
  kNone,      // it wants none; a small one is read and ignored
  kBuffered,  // it is in memory, as Request::body, when the handler is called
  kStreamed,  // the handler reads it, by Request::body_reader, as it arrives
};

// Who may call it.
enum class Scope : std::uint8_t { kNone, kRead, kWrite, kExecute, kAdmin };

// What a call costs the server, for what limits or counts it.
enum class CostClass : std::uint8_t { kFree, kRead, kWrite, kExecute };

// A list for tables that are constants.
template <class T, std::size_t Max>
class ConstantList {
 public:
  constexpr ConstantList() = default;
  constexpr ConstantList(std::initializer_list<T> items) {
    for (const T& item : items) items_.at(size_++) = item;
  }
  constexpr const T* begin() const { return items_.data(); }
  constexpr const T* end() const { return items_.data() + size_; }
  constexpr bool empty() const { return size_ == 0; }

 private:
  std::array<T, Max> items_{};
  std::size_t size_ = 0;
};

struct QueryParameter {
  std::string_view name{};
  bool repeatable = false;
};

struct Route {
  // Stable: handlers are bound by it, and metrics and the API's description will carry it.
  std::string_view name{};
  Method method = Method::kGet;  // GET answers HEAD as well; kAny: whatever it is
  // A path, of which one segment may be {id}; a last segment * stands for all that follows.
  std::string_view pattern{};
  std::string_view summary{};
  ConstantList<QueryParameter, 8> query{};
  ConstantList<std::string_view, 8> body_types{};  // "*/*": any
  BodyHandling body = BodyHandling::kNone;
  // Statuses of its own, beside those that any request may get (kCommonStatuses).
  ConstantList<std::uint16_t, 16> statuses{};
  Scope scope = Scope::kNone;
  CostClass cost = CostClass::kFree;
  bool is_guests = false;  // what it answers are guests' own pages (http/guest_page.h)
};

// Of what is no HTTP, without a good token, of another origin, too slow or too often, of bodies and
// headers that are too large, of our faults, and of a full server.
inline constexpr std::uint16_t kCommonStatuses[] = {400, 401, 403, 408, 413, 429, 431, 500, 503};

std::string_view method_name(Method method);
std::string_view name_of(BodyHandling body);
std::string_view name_of(Scope scope);
std::string_view name_of(CostClass cost);

}  // namespace wasm_server
