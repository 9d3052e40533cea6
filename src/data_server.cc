#include "data_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "app.h"
#include "base/descriptor.h"
#include "config.h"
#include "logging.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

// The socket by way of its directory, because a socket's path may have 107 bytes only.
struct OperatorSocket {
  explicit OperatorSocket(const Path& data)
      : directory(::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
        path("/proc/self/fd/" + std::to_string(directory.get()) + "/" + kOperatorSocket) {}

  // 0, or why not.
  int connect() const {
    const Descriptor connecting(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* const name = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(connecting.get(), name, sizeof address) == 0 ? 0 : errno;
  }

  const Descriptor directory;
  const std::string path;
};

// Serves nobody but the operator.
class OwnServer {
 public:
  explicit OwnServer(const Path& data) : app_(config_for(data)) {}
  ~OwnServer() {
    if (started_) app_.stop();
    flush_log();
  }
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  Result<void> start() {
    TRY(app_.start());
    started_ = true;
    return {};
  }

 private:
  static ServeConfig config_for(const Path& data) {
    ServeConfig config;
    config.listen.clear();
    config.data = data;
    config.workers = 1;
    config.backup_rate_bytes = 0;  // there is nobody else
    config.store.max_bytes = kAnyBytes;
    return config;
  }

  App app_;
  bool started_ = false;
};

struct Kept {
  std::unique_ptr<OwnServer> server;  // null: another process serves
  std::unique_ptr<OperatorSocket> socket;
};

cli::Failure trouble(std::string message) { return {cli::kLocalTrouble, std::move(message)}; }

std::string no_such_directory(const Path& data) {
  return "the data directory " + data.string() +
         " cannot be opened: " + std::generic_category().message(errno);
}

}  // namespace

cli::Outcome<cli::DataServer> open_data(const Path& data) {
  std::error_code error;
  std::filesystem::create_directories(data, error);
  auto kept = std::make_shared<Kept>();
  kept->socket = std::make_unique<OperatorSocket>(data);
  if (kept->socket->directory.get() < 0) return std::unexpected{trouble(no_such_directory(data))};
  const int refused = kept->socket->connect();
  if (refused == EACCES || refused == EPERM) {
    return std::unexpected{trouble(
        data.string() + " belongs to another user: " + std::generic_category().message(refused))};
  }
  if (refused != 0) {
    set_up_logging("warning");
    kept->server = std::make_unique<OwnServer>(data);
    const auto started = kept->server->start();
    if (!started) return std::unexpected{trouble(started.error().message)};
  }
  cli::ServerAddress address;
  address.url = "http://localhost";
  address.socket = kept->socket->path;
  return cli::DataServer{std::move(address), std::move(kept)};
}

}  // namespace wasm_server
