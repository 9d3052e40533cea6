#pragma once

// Entity tags of what is answered about modules (RFC 9110, section 8.8.3): those of the forms of
// one revision differ, and no other revision ever has them. Unquoted.

#include <cstdint>
#include <string>
#include <string_view>

#include "model/wasm_storage.h"

namespace wasm_server {

enum class Form : std::uint8_t { kJson, kJsonWithoutCode, kRaw };

std::string entity_tag(const WasmMetaData& meta_data, Form form);

// What the tags of all forms of a revision have in common (etag_of), from any of them; empty when
// `tag` is none.
std::string_view revision_tag(std::string_view tag);

}  // namespace wasm_server
