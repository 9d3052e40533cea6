#include "handlers/http/answer_head.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "handlers/http/connection_fields.h"

namespace wasm_server {
namespace {

constexpr unsigned kFirstStatus = 200;
constexpr unsigned kLastStatus = 599;

// The session's.
constexpr std::string_view kOwn[] = {"date", "x-request-id"};
// What would change how the answer is framed or understood must come before its body (RFC 9110,
// section 6.5.1).
constexpr std::string_view kNoTrailers[] = {"content-length",   "content-type", "content-encoding",
                                            "content-range",    "trailer",      "set-cookie",
                                            "cache-control",    "host",         "authorization",
                                            "www-authenticate", "location"};

template <class List>
bool is_one_of(std::string_view name, const List& list) {
  return std::ranges::any_of(list,
                             [name](std::string_view one) { return equals_lower(name, one); });
}

// RFC 9110, sections 5.1 and 5.5.
bool is_name(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return ascii_alnum(c) || kOthers.find(c) != kOthers.npos;
  });
}

bool is_value(std::string_view text) {
  constexpr unsigned char kDelete = 0x7f;
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= ' ' && byte != kDelete);
  });
}

std::unexpected<Error> bad(const std::string& message) {
  return fail(ErrorCode::kBadGuestAnswer, "the handler's answer is not HTTP: " + message);
}

Result<void> take_length(AnswerHead& head, std::string_view value) {
  const auto length = parse_unsigned(trim(value));
  if (!length) return bad("its Content-Length is no number");
  if (head.content_length && *head.content_length != *length) {
    return bad("it has several Content-Lengths");
  }
  head.content_length = length;
  return {};
}

Result<ConnectionFields> check_fields(const HttpFields& fields) {
  ConnectionFields connection;
  for (const auto& [name, value] : fields) {
    if (!is_name(name)) return bad("a field has the name " + quote(shorten(name)));
    if (!is_value(value)) return bad("a control character in the field " + quote(shorten(name)));
    if (equals_lower(name, "connection")) connection.add(value);
  }
  return connection;
}

}  // namespace

Result<AnswerHead> make_answer_head(unsigned status, const HttpFields& fields) {
  if (status < kFirstStatus || status > kLastStatus) {
    return bad("its status is " + std::to_string(status));
  }
  TRY_ASSIGN(const ConnectionFields connection, check_fields(fields));
  AnswerHead head;
  head.status = status;
  for (const auto& [name, value] : fields) {
    if (equals_lower(name, "content-length")) {
      TRY(take_length(head, value));
    } else if (!connection.contains(name) && !is_one_of(name, kOwn)) {
      if (equals_lower(name, "trailer")) head.announces_trailers = true;
      head.fields.add(name, value);
    }
  }
  return head;
}

HeaderFields make_trailers(const HttpFields& fields) {
  HeaderFields trailers;
  const ConnectionFields connection;
  for (const auto& [name, value] : fields) {
    const bool is_good = is_name(name) && is_value(value) && !connection.contains(name) &&
                         !is_one_of(name, kOwn) && !is_one_of(name, kNoTrailers);
    if (is_good) trailers.add(name, value);
  }
  return trailers;
}

}  // namespace wasm_server
