#pragma once

// What the API's description says of a route beside its row in the route table: the forms of its
// bodies. Schemas are named in handlers/openapi/schemas.h.

#include <cstdint>
#include <span>
#include <string_view>

#include "http/route.h"

namespace wasm_server {

// Bytes of a media type; without a schema they are any.
struct BodyForm {
  std::string_view media_type{};
  std::string_view schema{};
};

struct AnswerForm {
  std::uint16_t status = 200;
  std::string_view description{};
  ConstantList<BodyForm, 4> bodies{};
};

struct Operation {
  std::string_view route{};  // its name
  std::string_view tag{};
  std::string_view description{};
  ConstantList<BodyForm, 4> request{};
  bool needs_request = false;
  ConstantList<AnswerForm, 3> answers{};        // those below 400
  ConstantList<std::string_view, 4> headers{};  // of the request, that it minds
};

std::span<const Operation> operations();

}  // namespace wasm_server
