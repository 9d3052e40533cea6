#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <boost/asio/buffer.hpp>

namespace wasm_server {

// Bytes on their way to the client, gathered from up to four places that outlive the write.
class Outgoing {
 public:
  static constexpr std::size_t kMaxParts = 4;

  void add(std::string_view part) {
    if (!part.empty()) parts_[count_++] = boost::asio::const_buffer(part.data(), part.size());
  }

  bool empty() const { return first_ == count_; }
  std::span<const boost::asio::const_buffer> parts() const {
    return {parts_.data() + first_, count_ - first_};
  }

  void advance(std::size_t sent) {
    while (sent > 0) {
      boost::asio::const_buffer& part = parts_[first_];
      const std::size_t taken = sent < part.size() ? sent : part.size();
      part += taken;
      sent -= taken;
      if (part.size() == 0) ++first_;
    }
  }

 private:
  std::array<boost::asio::const_buffer, kMaxParts> parts_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace wasm_server
