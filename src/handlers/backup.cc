#include "handlers/backup.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "http/reply.h"
#include "services/backups.h"

namespace wasm_server {
namespace {

class BackupBody final : public BodySource {
 public:
  explicit BackupBody(std::unique_ptr<Backups::Stream> stream) : stream_(std::move(stream)) {}

  // Nobody knows it before all is read.
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Task<Result<ByteView>> next() override { return stream_->next(); }

 private:
  const std::unique_ptr<Backups::Stream> stream_;
};

struct From {
  BackupId id;
  std::uint64_t offset = 0;
};

Result<std::optional<From>> parse_from(const Request& request) {
  const auto text = request.query_value("from");
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  From from;
  const bool has_id = decode_hex(text->substr(0, colon), from.id.bytes);
  const auto offset = colon == text->npos ? std::nullopt : parse_unsigned(text->substr(colon + 1));
  if (!has_id || !offset)
    return fail(ErrorCode::kBadRequest,
                "the parameter from must be the id of a backup, a colon and a number of bytes");
  from.offset = *offset;
  return from;
}

Result<std::unique_ptr<BodySource>> open_body(const HandlerDeps& deps, const Request& request) {
  TRY_ASSIGN(const std::optional<From> from, parse_from(request));
  if (request.method == Method::kHead) return nullptr;
  TRY_ASSIGN(auto stream,
             from ? deps.backups.resume(from->id, from->offset) : deps.backups.begin());
  return std::make_unique<BackupBody>(std::move(stream));
}

Reply get_backup(const HandlerDeps& deps, const Request& request) {
  auto body = open_body(deps, request);
  if (!body) return problem(body.error(), request.request_id);
  Reply reply;
  reply.content_type = "application/octet-stream";
  reply.add_header("Cache-Control", "no-store");  // it has the hashes of tokens
  if (*body) reply.body = *std::move(body);
  return reply;
}

}  // namespace

void register_backup(Router& router, const HandlerDeps& deps) {
  router.bind("get_backup", [&deps](const Request& request) { return get_backup(deps, request); });
}

}  // namespace wasm_server
