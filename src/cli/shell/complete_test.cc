#include "cli/shell/complete.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands/commands.h"
#include "cli/shell/usage.h"

namespace wasm_server::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

// The real commands; a server with three modules.
class Completion : public testing::Test {
 protected:
  Completion() {
    for (auto& command : client_commands({})) commands_.push_back(std::move(command));
    sources_.module_ids = [this](const ConnectionFlags& flags, std::string_view) {
      asked_ = flags;
      return std::vector<std::string>{"add", "adder", "sub", "$(reboot)", "a;b"};
    };
    sources_.server_names = [] { return std::vector<std::string>{"home", "work"}; };
  }

  std::vector<std::string> texts(const std::vector<std::string>& words) {
    found_ = complete(commands_, words, sources_);
    std::vector<std::string> out;
    for (const Candidate& candidate : found_.list) out.push_back(candidate.text);
    return out;
  }

  CommandList commands_;
  CompletionSources sources_;
  ConnectionFlags asked_;
  Candidates found_;
};

TEST_F(Completion, KnowsTheCommands) {
  EXPECT_THAT(texts({"r"}), ElementsAre("run", "rollback", "rm"));
  EXPECT_THAT(texts({""}), Contains("put"));
  EXPECT_THAT(texts({""}), Not(Contains("--help")));
  EXPECT_THAT(texts({"--v"}), ElementsAre("--version"));
  EXPECT_EQ(complete(commands_, {}, sources_).list.size(), commands_.size());
  EXPECT_FALSE(found_.list.front().text.empty());
}

TEST_F(Completion, KnowsTheIdsOfModules) {
  EXPECT_THAT(texts({"show", "ad"}), ElementsAre("add", "adder"));
  EXPECT_THAT(texts({"show", "add", ""}), IsEmpty()) << "it takes one";
  EXPECT_THAT(texts({"rm", "add", "s"}), ElementsAre("sub"));
  EXPECT_THAT(texts({"show", "--json", "--", "s"}), ElementsAre("sub"));
}

TEST_F(Completion, GivesTheShellNoIdThatItWouldRun) {
  EXPECT_THAT(texts({"show", ""}), ElementsAre("add", "adder", "sub"));
}

TEST_F(Completion, KnowsOptionsAndTheirValues) {
  EXPECT_THAT(texts({"put", "--no"}), ElementsAre("--no-wait"));
  EXPECT_THAT(texts({"ls", "--kind", "co"}), ElementsAre("command", "component"));
  EXPECT_THAT(texts({"ls", "--kind=co"}), ElementsAre("--kind=command", "--kind=component"));
  EXPECT_THAT(texts({"ls", "--server", ""}), ElementsAre("home", "work"));
  EXPECT_THAT(texts({"ls", "--unknown=x"}), IsEmpty());
}

TEST_F(Completion, AsksTheServerThatTheLineMeans) {
  texts({"show", "--server", "work", "--token=t", ""});
  EXPECT_EQ(asked_.server, "work");
  EXPECT_EQ(asked_.token, "t");
}

TEST_F(Completion, AsksForFilesWhereTheyStand) {
  EXPECT_THAT(texts({"put", ""}), IsEmpty());
  EXPECT_TRUE(found_.files);
  texts({"put", "--id", "x", "a.wasm", ""});
  EXPECT_FALSE(found_.files);
  EXPECT_THAT(texts({"run", "s"}), ElementsAre("sub"));
  EXPECT_TRUE(found_.files) << "a module or a file";
}

TEST_F(Completion, LeavesAGuestsArgumentsAlone) {
  EXPECT_THAT(texts({"run", "add", "--js"}), IsEmpty());
  EXPECT_THAT(texts({"run", "--js"}), ElementsAre("--json"));
}

TEST_F(Completion, SaysNothingOfWhatItDoesNotKnow) {
  EXPECT_THAT(texts({"frobnicate", ""}), IsEmpty());
  EXPECT_THAT(texts({"version", ""}), IsEmpty());
}

TEST(Usage, SaysWhatStandsWhere) {
  EXPECT_EQ(positional_type("[OPTIONS] ID [REVISION]", 0), "ID");
  EXPECT_EQ(positional_type("[OPTIONS] ID [REVISION]", 1), "REVISION");
  EXPECT_EQ(positional_type("[OPTIONS] ID [REVISION]", 2), std::nullopt);
  EXPECT_EQ(positional_type("[OPTIONS] ID...", 5), "ID");
  EXPECT_EQ(positional_type("[--json]", 0), std::nullopt);
}

}  // namespace
}  // namespace wasm_server::cli
