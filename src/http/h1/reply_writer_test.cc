#include "http/h1/reply_writer.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using Context = ReplyWriter::Context;

std::string text_of(const Outgoing& out) {
  std::string text;
  for (const auto& part : out.parts())
    text.append(static_cast<const char*>(part.data()), part.size());
  return text;
}

Context context() {
  Context made;
  made.date_line = "Date: now\r\n";
  made.request_id = "r-1";
  return made;
}

Reply text_reply(std::string body) {
  Reply reply;
  reply.content_type = "text/plain";
  reply.body = std::move(body);
  return reply;
}

TEST(ReplyWriter, PutsAnAnswerTogether) {
  ReplyWriter writer;
  Reply reply = text_reply("hello");
  reply.add_header("A", "b");
  EXPECT_EQ(text_of(writer.whole(reply, context())),
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
            "X-Request-Id: r-1\r\nA: b\r\n\r\nhello");
}

TEST(ReplyWriter, DoesNotCopyALargeBody) {
  ReplyWriter writer;
  const Reply reply = text_reply(std::string(100'000, 'x'));
  const Outgoing out = writer.whole(reply, context());
  ASSERT_EQ(out.parts().size(), 2U);
  EXPECT_EQ(out.parts()[1].data(), std::get<Bytes>(reply.body).data());
}

TEST(ReplyWriter, SaysWhatBecomesOfTheConnection) {
  ReplyWriter writer;
  const Reply reply = text_reply("");
  Context given = context();
  EXPECT_EQ(text_of(writer.whole(reply, given)).find("Connection"), std::string::npos);
  given.is_http11 = false;
  EXPECT_NE(text_of(writer.whole(reply, given)).find("\r\nConnection: keep-alive\r\n"),
            std::string::npos);
  given.keeps_alive = false;
  EXPECT_NE(text_of(writer.whole(reply, given)).find("\r\nConnection: close\r\n"),
            std::string::npos);
}

TEST(ReplyWriter, LeavesTheBodyOutWhereThereIsNone) {
  ReplyWriter writer;
  Reply reply = text_reply("hello");
  Context head = context();
  head.is_head = true;
  std::string text = text_of(writer.whole(reply, head));
  EXPECT_NE(text.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
  reply.head_length = 9;
  EXPECT_NE(text_of(writer.whole(reply, head)).find("Content-Length: 9\r\n"), std::string::npos);
  reply.status = 304;
  text = text_of(writer.whole(reply, context()));
  EXPECT_EQ(text.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(ReplyWriter, SendsPiecesOfUnknownSizeAsChunks) {
  ReplyWriter writer;
  const Reply reply = text_reply("");
  HeaderFields trailers;
  trailers.add("T", "u");
  writer.start(reply, std::nullopt, context());
  const std::string first = text_of(writer.piece("abc"));
  EXPECT_NE(first.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(first.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(first.ends_with("\r\n\r\n3\r\nabc\r\n")) << first;
  EXPECT_EQ(text_of(writer.piece(std::string(16, 'x'))), "10\r\nxxxxxxxxxxxxxxxx\r\n");
  EXPECT_EQ(text_of(writer.end(trailers)), "0\r\nT: u\r\n\r\n");
}

TEST(ReplyWriter, AnEndWithoutAPieceHasTheHeader) {
  ReplyWriter writer;
  const Reply reply = text_reply("");
  writer.start(reply, std::nullopt, context());
  EXPECT_TRUE(text_of(writer.end({})).ends_with("\r\n\r\n0\r\n\r\n"));
  writer.start(reply, 0, context());
  const std::string sized = text_of(writer.end({}));
  EXPECT_NE(sized.find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_TRUE(sized.ends_with("\r\n\r\n"));
}

TEST(ReplyWriter, SendsPiecesOfKnownSizeAndThoseOfHttp10AsTheyAre) {
  ReplyWriter writer;
  const Reply reply = text_reply("");
  writer.start(reply, 6, context());
  const std::string first = text_of(writer.piece("abc"));
  EXPECT_NE(first.find("Content-Length: 6\r\n"), std::string::npos);
  EXPECT_TRUE(first.ends_with("\r\n\r\nabc"));
  EXPECT_EQ(text_of(writer.piece("def")), "def");
  EXPECT_EQ(text_of(writer.end({})), "");
  Context old = context();
  old.is_http11 = old.keeps_alive = false;
  writer.start(reply, std::nullopt, old);
  const std::string piece = text_of(writer.piece("abc"));
  EXPECT_EQ(piece.find("Transfer-Encoding"), std::string::npos);
  EXPECT_TRUE(piece.ends_with("\r\n\r\nabc"));
}

}  // namespace
}  // namespace wasm_server
