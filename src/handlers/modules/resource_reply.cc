#include "handlers/modules/resource_reply.h"

#include <utility>

#include "base/text.h"
#include "handlers/modules/entity_tag.h"
#include "handlers/modules/wasm_json.h"

namespace wasm_server {

Reply resource_reply(const HandlerDeps& deps, unsigned status, const WasmMetaData& meta_data) {
  Bytes body;
  append_resource(body, meta_data, deps.modules.status_of(meta_data));
  Reply reply = json_reply(status, std::move(body));
  reply.add_header("ETag", quote(entity_tag(meta_data, Form::kJsonWithoutCode)));
  return reply;
}

}  // namespace wasm_server
