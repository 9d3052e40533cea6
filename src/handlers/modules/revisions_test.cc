#include "handlers/modules/revisions.h"

#include <gtest/gtest.h>

#include "handlers/body_source_test.h"
#include "handlers/handler_test.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

class Revisions : public HandlerTest {
 protected:
  void put(std::uint64_t count, std::size_t name_size, UnixMillis created_at = 1) {
    const auto batch = test_store_->begin().value();
    for (std::uint64_t revision = 1; revision <= count; ++revision) {
      WasmMetaData meta_data = make_meta_data("m", "code", revision);
      meta_data.created_at = created_at;
      ModuleInfo info = *meta_data.info;
      info.functions[0].name = std::string(name_size, 'f');
      meta_data.info = info;
      ASSERT_TRUE(ModuleBatch{*batch}.put(meta_data, std::make_shared<const Bytes>("code")));
    }
    ASSERT_TRUE(test_store_->commit(*batch));
  }

  std::unique_ptr<BodySource> body() {
    return make_revisions_body(deps_, store_.find("m").value().value());
  }
};

TEST_F(Revisions, AreAllThereNewestFirst) {
  put(300, 1'000);
  const TestReply reply = call("GET", "/wasm/m/revisions");
  EXPECT_EQ(reply.header("content-type"), "application/json");
  const auto items = json(reply).at("items").as_array();
  ASSERT_EQ(items.size(), 300U);
  for (std::size_t i = 0; i < items.size(); ++i)
    EXPECT_EQ(items[i].at("meta_data").at("revision"), 300 - i);
}

// Whatever there is, memory and the loop's time are those of a piece and a revision.
TEST_F(Revisions, ArePiecesOfBoundedSize) {
  put(500, 1'000);
  for (const Bytes& piece : all_pieces(*body())) EXPECT_LT(piece.size(), kRevisionsPiece + 3'000);
  ASSERT_TRUE(erase_module(*test_store_, "m"));
  put(5, kRevisionsPiece);
  EXPECT_EQ(all_pieces(*body()).size(), 5U);
}

TEST_F(Revisions, AreCutWhenTheModuleIsDeletedMeanwhile) {
  put(5, kRevisionsPiece);
  const auto first = body();
  const auto second = body();
  EXPECT_TRUE(next_piece(*first));
  EXPECT_TRUE(next_piece(*second));
  ASSERT_TRUE(erase_module(*test_store_, "m"));
  EXPECT_FALSE(next_piece(*first));
  put(5, kRevisionsPiece, 2);  // another module of that id
  EXPECT_FALSE(next_piece(*second));
}

}  // namespace
}  // namespace wasm_server
