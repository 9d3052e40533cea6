// What a start makes of a log that a loss of power has torn, or a disk has damaged. The logs are
// those of a real store, cut and altered.

#include "store/rocks/wal_check.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/open_store.h"
#include "store/rocks/database_files.h"
#include "store/rocks/wal_reader.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

constexpr std::size_t kSector = 512;
constexpr std::size_t kBlock = 32'768;

std::string content_of(const Path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A crashed store with a few batches in its log, each of one module.
class Logged {
 public:
  Logged() = default;
  Logged(std::initializer_list<std::size_t> code_sizes) {
    for (const std::size_t size : code_sizes)
      put(patterned(size, 1U + static_cast<unsigned>(codes_.size())));
    crash();
  }

  void put(const std::string& code) {
    codes_.push_back(code);
    EXPECT_TRUE(put_module(*store_, "m" + std::to_string(codes_.size() - 1), code).has_value());
  }

  // What is asked later is asked of a copy.
  void crash() {
    std::filesystem::copy(store_.path(), crashed_.path(), std::filesystem::copy_options::recursive);
    for (const auto& entry : std::filesystem::directory_iterator(crashed_.path() / "db")) {
      if (entry.path().extension() == ".log") name_ = entry.path().filename();
    }
    good_ = content_of(crashed_.path() / "db" / name_);
    size_ = good_.size();
    blocks_ahead_ = size_;
    mark_ = make_database_mark(read_identity(crashed_.path() / "db"));
    WalReader reader{good_};
    while (reader.next()) ends_.push_back(reader.position());
    EXPECT_EQ(ends_.size(), codes_.size());
    blocks_ahead_ -= ends_.back();
    good_.resize(ends_.back() + 5'000);
  }

  // What is left of such a log; empty when it is refused, with `refusal()`.
  std::optional<std::string> mended(const std::string& log) {
    const TemporaryDirectory place;
    std::ofstream{place.path() / name_, std::ios::binary} << log;
    const auto list = WalList::create(place.path(), mark_).value();
    const auto done = mend_wal(place.path(), mark_, *list);
    if (!done) refusal_ = done.error().message;
    const std::string left = content_of(place.path() / name_);
    EXPECT_TRUE(done || left == log) << "what is refused is not changed";
    return done ? std::optional{left} : std::nullopt;
  }

  // How many of the batches a start finds with such a log, which is made as long as it was; empty
  // when it is refused.
  std::optional<std::size_t> found_with(std::string log) {
    log.resize(size_);
    const TemporaryDirectory place;
    std::filesystem::copy(crashed_.path(), place.path(), std::filesystem::copy_options::recursive);
    std::ofstream{place.path() / "db" / name_, std::ios::binary | std::ios::trunc} << log;
    const auto opened = open_store(place.path(), {});
    if (!opened) return std::nullopt;
    const ModuleRepository modules{**opened};
    std::size_t found = 0;
    while (found < codes_.size() && modules.find("m" + std::to_string(found)).value() &&
           modules.read_code(sha256(codes_[found])).value() == codes_[found])
      ++found;
    for (std::size_t i = found; i < codes_.size(); ++i)
      EXPECT_EQ(modules.find("m" + std::to_string(i)).value(), std::nullopt);
    EXPECT_TRUE(put_module(**opened, "more", "more").has_value());
    return found;
  }

  const std::string& good() const { return good_; }
  std::size_t blocks_ahead() const { return blocks_ahead_; }
  // The log up to that batch.
  std::string up_to(std::size_t batch) const { return good_.substr(0, begin(batch)); }
  std::size_t begin(std::size_t batch) const { return batch == 0 ? 0 : ends_[batch - 1]; }
  std::size_t end(std::size_t batch) const { return ends_[batch]; }
  std::size_t batches() const { return ends_.size(); }
  const std::string& refusal() const { return refusal_; }
  const DatabaseMark& mark() const { return mark_; }

 private:
  TestStore store_;
  std::vector<std::string> codes_;
  TemporaryDirectory crashed_;
  Path name_;
  std::string good_;  // with some of the zeroes behind it
  std::size_t size_ = 0;
  std::size_t blocks_ahead_ = 0;
  DatabaseMark mark_;
  std::vector<std::size_t> ends_;
  std::string refusal_;
};

TEST(WalCheck, TakesAnIntactLogAsItIs) {
  Logged log{10, 3'000, 15'000, 20};
  EXPECT_GT(log.blocks_ahead(), 1U << 20);
  EXPECT_TRUE(log.mended(log.good()) == log.up_to(4));
  EXPECT_TRUE(log.mended(log.up_to(4)) == log.up_to(4));
  EXPECT_TRUE(log.mended("") == "");
  EXPECT_EQ(log.found_with(log.good()), 4U);
}

// Which sectors of the last batch came to the disk: all but one, one alone, and random ones.
std::vector<std::vector<bool>> some_of(std::size_t sectors) {
  std::mt19937 random{3};
  std::vector<std::vector<bool>> written;
  for (std::size_t i = 0; i < sectors; ++i) {
    written.emplace_back(sectors, true).at(i) = false;
    written.emplace_back(sectors, false).at(i) = true;
    auto& some = written.emplace_back();
    for (std::size_t j = 0; j < sectors; ++j) some.push_back(random() % 2 == 0);
  }
  return written;
}

TEST(WalCheck, CutsATornLastBatchOff) {
  Logged log{10, 3'000, 700, 16'000, 16'000};
  const std::size_t begin = log.begin(4);
  const std::size_t first = begin / kSector;
  std::string torn;
  for (const auto& written : some_of((log.end(4) - 1) / kSector - first + 1)) {
    torn = log.good();
    for (std::size_t i = 0; i < written.size(); ++i) {
      const std::size_t from = std::max((first + i) * kSector, begin);
      const std::size_t size = std::min((first + i + 1) * kSector, log.end(4)) - from;
      if (!written[i]) torn.replace(from, size, size, '\0');
    }
    ASSERT_TRUE(log.mended(torn) == log.up_to(4)) << log.refusal();
  }
  EXPECT_EQ(log.found_with(torn), 4U);
}

TEST(WalCheck, CutsOffALastBatchThatEndsAnywhere) {
  Logged log{10, 1'000, 300};
  for (std::size_t end = log.begin(2); end < log.end(2); end += 3)
    ASSERT_TRUE(log.mended(log.good().substr(0, end)) == log.up_to(2)) << end;
  EXPECT_EQ(log.found_with(log.good().substr(0, log.end(2) - 50)), 2U);
}

// A flipped bit, and zeroes, everywhere in each batch but the last.
TEST(WalCheck, RefusesDamageBeforeAnAnsweredBatch) {
  Logged log{10, 3'000, 15'000, 40, 16'000, 200, 10};
  std::string bad;
  const auto expect_refusal = [&](std::size_t at) {
    ASSERT_TRUE(log.mended(bad) == std::nullopt) << at;
    ASSERT_NE(log.refusal().find("the write-ahead log is damaged"), std::string::npos);
    ASSERT_EQ(log.refusal().find('\n'), std::string::npos);
  };
  for (std::size_t batch = 0; batch + 1 < log.batches(); ++batch) {
    const std::size_t begin = log.begin(batch);
    for (std::size_t at = begin; at < log.end(batch); at += at < begin + 40 ? 1 : 397) {
      bad = log.good();
      bad[at] = static_cast<char>(bad[at] ^ 8);
      expect_refusal(at);
    }
    for (std::size_t at = begin; at < log.end(batch); at += 500) {
      const std::size_t size = std::min(kSector, log.end(batch) - at);
      auto zeroed = log.good();
      zeroed.replace(at, size, size, '\0');
      if (zeroed == log.good()) continue;  // there were zeroes
      bad = std::move(zeroed);
      expect_refusal(at);
    }
  }
  EXPECT_EQ(log.found_with(bad), std::nullopt);
}

// The one batch behind the damage begins anywhere around the end of a block: its header is in the
// next one, or its first fragment is too short for the mark.
TEST(WalCheck, RefusesDamageBeforeOneBatchWhereverThatBegins) {
  constexpr std::size_t kFiller = 15'600;
  const std::size_t usual = Logged{10, kFiller, kFiller}.end(2);
  for (const std::size_t before_end : {0U, 1U, 6U, 7U, 8U, 19U, 20U, 36U, 37U, 56U}) {
    Logged log{10, kFiller, kFiller + kBlock - before_end - usual, 20};
    ASSERT_EQ(log.end(2), kBlock - before_end);
    std::string bad = log.good();
    bad.replace(log.begin(2), 600, 600, '\0');
    ASSERT_TRUE(log.mended(bad) == std::nullopt) << before_end;
  }
}

// As a stop leaves it, which a loss of power cannot have torn.
TEST(WalCheck, RefusesDamageOfTheLastBatchOfAClosedLog) {
  Logged log{10, 3'000, 500};
  const auto closed = [&](const std::string& content) {
    const TemporaryDirectory place;
    std::ofstream{place.path() / "000004.log", std::ios::binary} << content;
    const auto list = WalList::create(place.path(), log.mark()).value();
    EXPECT_EQ(list->set(4, log.end(2), WalList::Is::kComplete), 0);
    return mend_wal(place.path(), log.mark(), *list);
  };
  EXPECT_TRUE(closed(log.up_to(3)).has_value());
  EXPECT_TRUE(closed(log.good()).has_value()) << "not cut off yet";
  for (std::size_t at = log.begin(2); at < log.end(2); at += 7) {
    std::string bad = log.up_to(3);
    bad[at] = static_cast<char>(bad[at] ^ 8);
    const auto refused = closed(bad);
    ASSERT_FALSE(refused.has_value()) << at;
    EXPECT_NE(refused.error().message.find("it was closed with them"), std::string::npos)
        << refused.error().message;
  }
}

TEST(WalCheck, KnowsAfterAStopThatTheLogIsComplete) {
  TestStore store;
  ASSERT_TRUE(put_module(*store, "m", patterned(500)).has_value());
  store.close();
  std::string name;
  for (const auto& entry : std::filesystem::directory_iterator(store.path() / "db")) {
    if (entry.path().extension() == ".log") name = entry.path().filename();
  }
  const std::string log = content_of(store.path() / "db" / name);
  std::ofstream{store.path() / "db" / name, std::ios::binary} << log.substr(0, log.size() - 9)
                                                              << std::string(9, '\0');
  const auto opened = open_store(store.path(), {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find(name), std::string::npos) << opened.error().message;
}

TEST(WalCheck, RefusesALogInWhichABatchIsMissing) {
  Logged log{10, 20, 30};
  EXPECT_TRUE(log.mended(log.up_to(1) + log.good().substr(log.begin(2))) == std::nullopt);
  EXPECT_NE(log.refusal().find("missing"), std::string::npos) << log.refusal();
}

// Code can hold what a batch looks like, right checksums and all, but not the mark.
TEST(WalCheck, DoesNotTakeForABatchWhatAClientStored) {
  const Logged other{4};
  const std::string theirs = other.good().substr(0, 2'000);
  ASSERT_TRUE(WalReader{theirs}.next().has_value());
  Logged log;
  log.put("code");
  log.put(patterned(3'000));
  log.put("x" + theirs + theirs);
  log.crash();
  std::string torn = log.good();
  torn.replace(log.begin(2), 300, 300, '\0');  // the first sectors of the last batch
  EXPECT_TRUE(log.mended(torn) == log.up_to(2)) << log.refusal();
}

TEST(WalCheck, RefusesALogOfAnotherDatabase) {
  Logged log{10, 20, 30};
  EXPECT_TRUE(log.mended(Logged{10, 20, 30}.good()) == std::nullopt);
  EXPECT_NE(log.refusal().find("is that of another database"), std::string::npos) << log.refusal();
}

TEST(WalCheck, LooksAtLaterFilesToo) {
  const Logged log{10, 20, 30};
  const TemporaryDirectory place;
  const auto mend = [&](const std::string& first, const std::string& second) {
    std::ofstream{place.path() / "000004.log", std::ios::binary | std::ios::trunc} << first;
    std::ofstream{place.path() / "000012.log", std::ios::binary | std::ios::trunc} << second;
    const auto list = WalList::create(place.path(), log.mark()).value();
    return mend_wal(place.path(), log.mark(), *list);
  };
  const std::string third = log.good().substr(log.begin(2), 20'000);
  EXPECT_TRUE(mend(log.up_to(2), third).has_value());
  EXPECT_TRUE(mend(log.up_to(2) + std::string(5'000, '\0'), third).has_value());
  EXPECT_TRUE(mend(log.up_to(2), "").has_value());
  for (const std::string& first :
       {log.up_to(1), log.good().substr(0, log.end(1) - 3), std::string(700, '\0')}) {
    const auto missing = mend(first, third);
    ASSERT_FALSE(missing.has_value());
    EXPECT_NE(missing.error().message.find("missing in 000012.log"), std::string::npos)
        << missing.error().message;
  }
}

}  // namespace
}  // namespace wasm_server
