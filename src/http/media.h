#pragma once

// Media types and what a client accepts of them (RFC 9110, sections 8.3 and 12.5.1).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_server {

// The media type of a Content-Type value in lower case, without parameters.
std::string media_type(std::string_view content_type);

struct MediaRange {
  std::string_view type;        // as sent: "text/plain", "text/*", "*/*", or "*", which some send
  bool has_parameters = false;  // other than q
  double weight = 1;            // q
};

// What an Accept header admits. The first kMaxRanges of it are looked at. Refers to the header.
class Accept {
 public:
  static constexpr std::size_t kMaxRanges = 64;

  // What a range with parameters other than q stands for. No type of ours has any: strictly, such
  // a range matches none of them.
  enum class Parameters : std::uint8_t { kMatchNothing, kIgnored };

  explicit Accept(std::string_view header, Parameters parameters = Parameters::kMatchNothing);

  // In the order of the header, without malformed ones.
  std::span<const MediaRange> ranges() const { return ranges_; }

  // Whether `type` (in lower case) is admitted at all, and how much it is preferred: the q of the
  // most specific range that matches; 0 when none does, 1 for an empty header.
  double quality(std::string_view type) const;

 private:
  std::vector<MediaRange> ranges_;
  bool admits_all_ = false;
};

}  // namespace wasm_server
