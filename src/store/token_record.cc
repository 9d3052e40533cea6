#include "store/token_record.h"

#include "model/token_codec.h"

namespace wasm_server {
namespace {

constexpr std::uint8_t kFirstVersion = 1;
constexpr std::uint8_t kVersion = 2;

}  // namespace

std::string encode_token_record(const AccessToken& token) {
  std::string record;
  ByteWriter to{record};
  to.u8(kVersion);
  put_token(to, token);
  return record;
}

Result<AccessToken> decode_token_record(std::string_view id, std::string_view record) {
  ByteReader from{record};
  const std::uint8_t version = from.u8();
  const bool known = version == kFirstVersion || version == kVersion;
  AccessToken token =
      get_token(from, version == kFirstVersion ? TokenForm::kFirst : TokenForm::kSecond);
  if (known && !from.failed() && from.at_end() && token.id == id) return token;
  return fail(ErrorCode::kInternal, "a stored record is damaged",
              "record of token " + std::string(id) + ": not of its form");
}

}  // namespace wasm_server
