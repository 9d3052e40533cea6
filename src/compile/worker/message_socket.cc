#include "compile/worker/message_socket.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "compile/worker/protocol.h"

namespace wasm_server {

namespace {

// Room for more than the one that is allowed, so that it shows.
constexpr std::size_t kMaxFiles = 4;

union FilesBuffer {
  std::array<char, CMSG_SPACE(sizeof(int) * kMaxFiles)> bytes;
  cmsghdr align;
};

std::vector<Descriptor> files_of(msghdr& header) {
  std::vector<Descriptor> files;
  for (auto* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int file = -1;
      std::memcpy(&file, CMSG_DATA(control) + i * sizeof file, sizeof file);
      files.emplace_back(file);
    }
  }
  return files;
}

}  // namespace

std::pair<Descriptor, Descriptor> make_message_sockets() {
  std::array<int, 2> sockets{-1, -1};
  socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data());
  return {Descriptor(sockets[0]), Descriptor(sockets[1])};
}

bool send_message(int socket, std::string_view bytes, int file) {
  iovec content{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  union {
    std::array<char, CMSG_SPACE(sizeof(int))> bytes;
    cmsghdr align;
  } control{};
  if (file >= 0) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    auto* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(rights), &file, sizeof file);
  }
  ssize_t sent = -1;
  do {
    sent = sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(bytes.size());
}

std::optional<SocketMessage> receive_message(int socket) {
  std::array<char, kMaxMessage> buffer;
  iovec content{.iov_base = buffer.data(), .iov_len = buffer.size()};
  FilesBuffer control{};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t received = -1;
  do {
    received = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return std::nullopt;
  auto files = files_of(header);
  if (received == 0 || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || files.size() > 1) {
    return std::nullopt;
  }
  SocketMessage message{std::string(buffer.data(), static_cast<std::size_t>(received)),
                        files.empty() ? Descriptor() : std::move(files.front())};
  return message;
}

}  // namespace wasm_server
