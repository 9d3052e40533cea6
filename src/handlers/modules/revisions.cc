#include "handlers/modules/revisions.h"

#include <utility>

#include "handlers/modules/wasm_json.h"

namespace wasm_server {
namespace {

class RevisionsBody final : public BodySource {
 public:
  RevisionsBody(const HandlerDeps& deps, WasmMetaData newest)
      : deps_(deps), at_(std::move(newest)) {}

  std::optional<std::uint64_t> size() const override { return std::nullopt; }

  Task<Result<ByteView>> next() override { co_return next_piece(); }

 private:
  Result<ByteView> next_piece() {
    piece_ = std::exchange(begun_, true) ? "" : "{\"items\":[";
    while (!ended_ && piece_.size() < kRevisionsPiece) {
      append_resource(piece_, at_, deps_.modules.status_of(at_));
      TRY_ASSIGN(auto older, deps_.modules.revision_before(at_));
      ended_ = !older;
      piece_ += ended_ ? "]}" : ",";
      if (older) at_ = *std::move(older);
    }
    share_.release();
    TRY_ASSIGN(share_, deps_.answers.take(piece_.size()));
    return ByteView{piece_};
  }

  const HandlerDeps& deps_;
  WasmMetaData at_;  // the next one
  bool begun_ = false;
  bool ended_ = false;
  MemoryShare share_;  // of piece_
  Bytes piece_;
};

Reply get_revisions(const HandlerDeps& deps, const Request& request) {
  Result<WasmMetaData> newest = deps.modules.find(request.id);
  if (!newest) return problem(newest.error(), request.request_id);
  Reply reply = json_reply(200, {});
  reply.body = make_revisions_body(deps, *std::move(newest));
  return reply;
}

}  // namespace

std::unique_ptr<BodySource> make_revisions_body(const HandlerDeps& deps, WasmMetaData newest) {
  return std::make_unique<RevisionsBody>(deps, std::move(newest));
}

void register_revisions(Router& router, const HandlerDeps& deps) {
  router.bind("list_revisions", [&deps](Request& request) { return get_revisions(deps, request); });
}

}  // namespace wasm_server
