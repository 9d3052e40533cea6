#include "trace_export.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/http/http_client.h"
#include "cli/version.h"
#include "http/authority.h"

namespace wasm_server {
namespace {

constexpr std::size_t kQueueBytes = 8U << 20;
constexpr long kStalledSeconds = 5;
constexpr long kWithinMillis = 10'000;

struct Endpoint {
  std::string server;  // "http://HOST:PORT"
  std::string target;
};

std::optional<Endpoint> parse_endpoint(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return std::nullopt;
  if (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https") return std::nullopt;
  const std::size_t host = scheme + 3;
  const std::size_t path = std::min(url.find('/', host), url.size());
  const auto authority = parse_authority(url.substr(host, path - host));
  if (!authority || authority->host.empty()) return std::nullopt;
  const std::string_view target = url.substr(path);
  return Endpoint{std::string(url.substr(0, path)),
                  target.size() > 1 ? std::string(target) : "/v1/traces"};
}

// What it may be asked again with (OTLP/HTTP, "Failures").
bool is_for_later(unsigned status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// A client for one thread, which is kept with its connection.
SpanExporter::Send sender_to(const Endpoint& endpoint) {
  cli::ServerAddress address;
  address.url = endpoint.server;
  return [client = std::make_shared<cli::HttpClient>(std::move(address)),
          target = endpoint.target](const std::string& body) {
    cli::HttpRequest request;
    request.method = "POST";
    request.target = target;
    request.headers = {"Content-Type: application/json"};
    request.body = body;
    request.stalled_after = kStalledSeconds;
    request.within_millis = kWithinMillis;
    const auto answer = client->send(request);
    if (!answer || is_for_later(answer->status)) return SpanExporter::Sent::kTryLater;
    const bool is_taken = answer->status >= 200 && answer->status < 300;
    return is_taken ? SpanExporter::Sent::kTaken : SpanExporter::Sent::kRefused;
  };
}

}  // namespace

Result<void> check_otlp_endpoint(const std::string& url) {
  if (parse_endpoint(url)) return {};
  return fail(ErrorCode::kBadRequest, "must be like http://127.0.0.1:4318/v1/traces");
}

TraceExport::TraceExport(const std::string& endpoint, unsigned sample_percent)
    : queue_(kQueueBytes, sample_percent),
      exporter_(queue_, sender_to(parse_endpoint(endpoint).value()), std::string(kProgramVersion)) {
}

}  // namespace wasm_server
