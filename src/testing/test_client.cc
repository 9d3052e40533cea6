#include "testing/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace wasm_server {
namespace {

constexpr std::chrono::milliseconds kWait{10'000};

std::system_error last_error(const std::string& what) {
  return {errno, std::generic_category(), what};
}

sockaddr_in parse_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in parsed{};
  parsed.sin_family = AF_INET;
  parsed.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1))));
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &parsed.sin_addr) != 1) {
    throw std::invalid_argument("not an IPv4 address: " + address);
  }
  return parsed;
}

bool wait_readable(int fd, std::chrono::milliseconds wait) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, static_cast<int>(wait.count())) == 1;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void parse_head(TestReply& reply) {
  reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(reply.head.find(' ') + 1)));
  std::size_t line = reply.head.find("\r\n") + 2;
  while (line < reply.head.size()) {
    const std::size_t end = reply.head.find("\r\n", line);
    const std::size_t colon = reply.head.find(": ", line);
    const std::string name = lower(reply.head.substr(line, colon - line));
    std::string& value = reply.headers[name];
    if (!value.empty()) value += ", ";
    value += reply.head.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
}

}  // namespace

std::string TestReply::header(const std::string& lower_name) const {
  const auto found = headers.find(lower_name);
  return found == headers.end() ? std::string() : found->second;
}

TestClient::TestClient(const std::string& address)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in target = parse_address(address);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
    throw last_error("connect to " + address);
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval wait{kWait.count() / 1000, 0};
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

TestClient::~TestClient() {
  if (fd_ >= 0) close(fd_);
}

TestClient::TestClient(TestClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}

bool TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool TestClient::fill() {
  std::array<char, 64U << 10> buffer;
  if (!wait_readable(fd_, kWait)) return false;
  const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
  if (n <= 0) return false;
  pending_.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

std::optional<TestReply> TestClient::receive(bool to_head) {
  std::size_t end = pending_.find("\r\n\r\n");
  while (end == pending_.npos) {
    if (!fill()) return std::nullopt;
    end = pending_.find("\r\n\r\n");
  }
  TestReply reply;
  reply.head = pending_.substr(0, end + 2);
  pending_.erase(0, end + 4);
  parse_head(reply);
  const bool bodiless = to_head || reply.status < 200 || reply.status == 204 || reply.status == 304;
  reply.complete = bodiless || receive_body(reply);
  return reply;
}

bool TestClient::receive_body(TestReply& reply) {
  if (reply.header("transfer-encoding") == "chunked") return receive_chunks(reply);
  const std::string length = reply.header("content-length");
  if (!length.empty()) return receive_exactly(reply.body, std::stoull(length));
  while (fill()) continue;
  reply.body = std::exchange(pending_, {});
  return true;
}

bool TestClient::receive_chunks(TestReply& reply) {
  for (;;) {
    const auto line = receive_line();
    if (!line) return false;
    const std::size_t size = std::stoull(*line, nullptr, 16);
    if (!receive_exactly(reply.body, size)) return false;
    const auto end = receive_line();
    if (!end || !end->empty()) return false;
    if (size == 0) return true;
  }
}

std::optional<std::string> TestClient::receive_line() {
  std::size_t end = pending_.find("\r\n");
  while (end == pending_.npos) {
    if (!fill()) return std::nullopt;
    end = pending_.find("\r\n");
  }
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 2);
  return line;
}

bool TestClient::receive_exactly(std::string& out, std::size_t size) {
  while (pending_.size() < size) {
    if (!fill()) break;
  }
  const std::size_t taken = std::min(size, pending_.size());
  out.append(pending_, 0, taken);
  pending_.erase(0, taken);
  return taken == size;
}

std::optional<TestReply> TestClient::request(
    const std::string& method, const std::string& target, std::string_view body,
    const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto& [name, value] : headers) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!body.empty() || method == "POST" || method == "PUT") {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  text += "\r\n";
  text += body;
  send(text);  // an early answer may be there although not everything could be sent
  return receive(method == "HEAD");
}

std::string TestClient::receive_raw(std::size_t most) {
  if (pending_.empty() && !fill()) return {};
  const std::size_t taken = std::min(most, pending_.size());
  std::string bytes = pending_.substr(0, taken);
  pending_.erase(0, taken);
  return bytes;
}

bool TestClient::has_input() const { return wait_readable(fd_, std::chrono::milliseconds{0}); }

bool TestClient::closes_within(std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !wait_readable(fd_, left)) return false;
    std::array<char, 64U << 10> buffer;
    if (recv(fd_, buffer.data(), buffer.size(), 0) <= 0) return true;
  }
}

void TestClient::shut_down_sending() { shutdown(fd_, SHUT_WR); }

void TestClient::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(std::exchange(fd_, -1));
}

void TestClient::set_receive_buffer(int bytes) {
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

}  // namespace wasm_server
