#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasm_server {

// An answer as it came over the wire.
struct TestReply {
  unsigned status = 0;
  std::string head;                            // status line and header as sent
  std::map<std::string, std::string> headers;  // by lower-case name; repeated ones joined by ", "
  std::string body;                            // without the chunked coding
  bool complete = false;                       // false: the connection ended before the body did

  std::string header(const std::string& lower_name) const;
};

// A blocking HTTP/1.1 client on a raw socket, which sends exactly what it is told to, right or
// wrong. Every wait ends after ten seconds, as if the server had closed the connection. One thread
// at a time.
class TestClient {
 public:
  // `address` is HOST:PORT with a numeric host. Throws std::system_error when it cannot connect.
  explicit TestClient(const std::string& address);
  ~TestClient();
  TestClient(TestClient&& other) noexcept;
  TestClient& operator=(TestClient&&) = delete;

  // False when the server has closed.
  bool send(std::string_view bytes);

  // The next answer on the connection; nothing when it ends before an answer's header is complete.
  // `to_head`: the request was a HEAD, so that no body follows. Interim answers (100) are answers
  // of their own.
  std::optional<TestReply> receive(bool to_head = false);

  // Builds a request with Host and, for a body, Content-Length; sends it and receives the answer.
  std::optional<TestReply> request(
      const std::string& method, const std::string& target, std::string_view body = {},
      const std::vector<std::pair<std::string, std::string>>& headers = {});

  // At most `most` raw bytes; empty at the end of the connection or after the wait.
  std::string receive_raw(std::size_t most);
  // Whether something is there to be received now. Safe from any thread.
  bool has_input() const;
  // Whether the server closes within `wait`; what it sends until then is thrown away.
  bool closes_within(std::chrono::milliseconds wait);

  void shut_down_sending();
  // Closes with a reset instead of an orderly end.
  void reset();
  void set_receive_buffer(int bytes);

 private:
  bool fill();
  bool receive_body(TestReply& reply);
  bool receive_chunks(TestReply& reply);
  bool receive_exactly(std::string& out, std::size_t size);
  std::optional<std::string> receive_line();

  int fd_ = -1;
  std::string pending_;
};

}  // namespace wasm_server
