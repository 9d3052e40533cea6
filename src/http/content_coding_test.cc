#include "http/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <string>

#include <gtest/gtest.h>

#include "testing/compressed.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

std::string coding_of(std::vector<Request::Header> headers) {
  Request request;
  request.headers = std::move(headers);
  const auto coding = content_coding(request);
  if (!coding) return error_info(coding.error().code).name;
  constexpr const char* kNames[] = {"identity", "gzip", "zstd"};
  return kNames[static_cast<std::size_t>(*coding)];
}

TEST(ContentCoding, IsReadFromAListOfNames) {
  EXPECT_EQ(coding_of({}), "identity");
  for (const char* none : {"", "identity", "Identity", " identity , ,", "identity, identity"}) {
    EXPECT_EQ(coding_of({{"Content-Encoding", none}}), "identity") << none;
  }
  for (const char* gzip :
       {"gzip", "GZip", "x-gzip", "gzip, identity", "identity,gzip", " gzip ,"}) {
    EXPECT_EQ(coding_of({{"content-encoding", gzip}}), "gzip") << gzip;
  }
  EXPECT_EQ(coding_of({{"Content-Encoding", "ZSTD"}}), "zstd");
  EXPECT_EQ(coding_of({{"Content-Encoding", "identity"}, {"Content-Encoding", "zstd"}}), "zstd");
  for (const char* other : {"br", "deflate", "gzip, br", "gzip gzip", "gzip, gzip", "zstd, gzip"}) {
    EXPECT_EQ(coding_of({{"Content-Encoding", other}}), "unsupported-media-type") << other;
  }
}

struct Decoded {
  std::string text;
  bool valid = true;
  bool complete = false;
};

// In pieces of so many bytes, into places of so many.
Decoded decode(ContentCoding coding, std::string_view in, std::size_t piece, std::size_t place) {
  const auto decoder = make_content_decoder(coding);
  Decoded result;
  std::string out(place, '\0');
  for (std::size_t at = 0; at < in.size(); at += piece) {
    std::string_view rest = in.substr(at, piece);
    for (std::size_t produced = place; !rest.empty() || produced == place;) {
      const auto step = decoder->decode(rest, out);
      if (!step) return {result.text, false, false};
      rest.remove_prefix(step->consumed);
      produced = step->produced;
      result.text.append(out, 0, produced);
    }
  }
  result.complete = decoder->is_complete();
  return result;
}

class ContentDecoders : public testing::TestWithParam<ContentCoding> {
 protected:
  static std::string compress(const std::string& text) {
    return GetParam() == ContentCoding::kGzip ? gzip(text) : zstd(text);
  }
};

TEST_P(ContentDecoders, GiveBackWhatWasCompressedHoweverItComes) {
  for (const std::string& text : {std::string(), std::string("a"), pattern(300'000)}) {
    const std::string compressed = compress(text);
    for (const std::size_t piece : {1U, 7U, 1000U, 1'000'000U}) {
      for (const std::size_t place : {13U, 65536U, 300'000U}) {
        const Decoded found = decode(GetParam(), compressed, piece, place);
        EXPECT_TRUE(found.text == text) << piece << " " << place << " " << found.text.size();
        EXPECT_TRUE(found.complete) << piece << " " << place;
      }
    }
  }
}

TEST_P(ContentDecoders, TakeSeveralFramesInARow) {
  const Decoded found =
      decode(GetParam(), compress("one ") + compress("") + compress("two"), 3, 100);
  EXPECT_EQ(found.text, "one two");
  EXPECT_TRUE(found.complete);
}

TEST_P(ContentDecoders, NoticeWhatIsCutOff) {
  const std::string compressed = compress(pattern(5000));
  for (std::size_t size = 0; size < compressed.size(); size += 97) {
    const Decoded found = decode(GetParam(), compressed.substr(0, size), 50, 1000);
    EXPECT_TRUE(found.valid) << size;
    EXPECT_FALSE(found.complete) << size;
  }
}

TEST_P(ContentDecoders, RefuseWhatIsNotOfTheCoding) {
  EXPECT_FALSE(decode(GetParam(), "plain text, not compressed at all", 100, 100).valid);
  EXPECT_FALSE(decode(GetParam(), compress("a") + "and more", 100, 100).valid);
  std::string damaged = compress(pattern(5000));
  damaged[damaged.size() - 2] = static_cast<char>(damaged[damaged.size() - 2] + 1);
  EXPECT_FALSE(decode(GetParam(), damaged, 1000, 100'000).valid);  // its checksum
}

TEST_P(ContentDecoders, SayWhatMemoryTheyHold) {
  const auto decoder = make_content_decoder(GetParam());
  const std::string compressed = compress(pattern(1'000'000));
  std::string out(1000, '\0');
  ASSERT_TRUE(decoder->decode(compressed, out));
  EXPECT_GT(decoder->memory(), 30'000U);
  EXPECT_LT(decoder->memory(), 10'000'000U);
}

INSTANTIATE_TEST_SUITE_P(Both, ContentDecoders,
                         testing::Values(ContentCoding::kGzip, ContentCoding::kZstd));

// RFC 9659: a frame may ask its reader for no more than 8 MiB.
TEST(ZstdDecoder, RefusesALargeWindow) {
  const std::string text = pattern(20'000'000);
  EXPECT_TRUE(decode(ContentCoding::kZstd, zstd(text, 23), 1'000'000, 1'000'000).valid);
  EXPECT_FALSE(decode(ContentCoding::kZstd, zstd(text, 24), 1'000'000, 1'000'000).valid);
}

}  // namespace
}  // namespace wasm_server
