#include "http/route.h"

#include <cstddef>

namespace wasm_server {
namespace {

template <class Enum, std::size_t N>
std::string_view name_in(const std::string_view (&names)[N], Enum value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view method_name(Method method) {
  constexpr std::string_view kNames[] = {"GET",    "HEAD",    "POST", "PUT",
                                         "DELETE", "OPTIONS", "",     "ANY"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Method::kAny) + 1);
  return name_in(kNames, method);
}

std::string_view name_of(BodyHandling body) {
  constexpr std::string_view kNames[] = {"none", "buffered", "streamed"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(BodyHandling::kStreamed) + 1);
  return name_in(kNames, body);
}

std::string_view name_of(Scope scope) {
  constexpr std::string_view kNames[] = {"none", "read", "write", "execute", "admin"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Scope::kAdmin) + 1);
  return name_in(kNames, scope);
}

std::string_view name_of(CostClass cost) {
  constexpr std::string_view kNames[] = {"free", "read", "write", "execute"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(CostClass::kExecute) + 1);
  return name_in(kNames, cost);
}

}  // namespace wasm_server
