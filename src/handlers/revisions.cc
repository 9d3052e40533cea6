#include "handlers/revisions.h"

#include <utility>

#include "handlers/resource_reply.h"

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
    piece_ = begun_ ? "" : "{\"items\":[";
    while (!ended_ && piece_.size() < kRevisionsPiece) {
      if (auto read = go_on(); !read) return std::unexpected{std::move(read).error()};
      append_resource(piece_, at_, json_context(deps_, at_));
      ended_ = at_.revision == 1;
      piece_ += ended_ ? "]}" : ",";
    }
    share_.reset();
    Result<AnswerMemory::Share> share = deps_.answers.take(piece_.size());
    if (!share) return std::unexpected{std::move(share).error()};
    share_ = *std::move(share);
    return ByteView{piece_};
  }

  // To the next revision, which is the newest one at first.
  Result<void> go_on() {
    if (!std::exchange(begun_, true)) return {};
    Result<std::optional<WasmMetaData>> older = deps_.store.find_revision(at_.id, at_.revision - 1);
    if (!older) return std::unexpected{std::move(older).error()};
    // Another module may have its id by now.
    if (!*older || (*older)->created_at != at_.created_at)
      return fail(ErrorCode::kNotFound, "the module was deleted meanwhile");
    at_ = **std::move(older);
    return {};
  }

  const HandlerDeps& deps_;
  WasmMetaData at_;
  bool begun_ = false;
  bool ended_ = false;
  AnswerMemory::Share share_;  // of piece_
  Bytes piece_;
};

Reply get_revisions(const HandlerDeps& deps, const Request& request) {
  Result<std::optional<WasmMetaData>> newest = deps.store.find(request.id);
  if (!newest) return problem(newest.error(), request.request_id);
  if (!*newest) return problem(no_such_module(request.id), request.request_id);
  Reply reply = json_reply(200, {});
  reply.body = make_revisions_body(deps, **std::move(newest));
  return reply;
}

}  // namespace

std::unique_ptr<BodySource> make_revisions_body(const HandlerDeps& deps, WasmMetaData newest) {
  return std::make_unique<RevisionsBody>(deps, std::move(newest));
}

void register_revisions(Router& router, const HandlerDeps& deps) {
  router.add(Method::kGet, "/wasm/{id}/revisions",
             [&deps](Request& request) { return get_revisions(deps, request); });
}

}  // namespace wasm_server
