// What the store makes of a disk that fails, is full, or loses its power.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/batch.h"
#include "store/open_store.h"
#include "store/rocks/faulty_disk.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using Fault = FaultyDisk::Fault;
using Path = std::filesystem::path;

// So small that logs are changed and tables written while a test runs.
constexpr StoreSettings kSmall{.max_bytes = 1ULL << 30,
                               .cache_bytes = 1U << 20,
                               .reserve_bytes = 256U << 10,
                               .log_bytes = 128U << 10};

// One batch: code to save under an id, or none to delete it.
using Step = std::vector<std::pair<std::string, std::optional<std::string>>>;
using Model = std::map<std::string, std::string>;

void apply_to(Model& model, const Step& step) {
  for (const auto& [id, code] : step) {
    if (code)
      model[id] = *code;
    else
      model.erase(id);
  }
}

Result<void> write(Store& store, const Step& step) {
  TRY_ASSIGN(const auto batch, store.begin());
  ModuleBatch modules{*batch};
  for (const auto& [id, code] : step) {
    if (code) {
      TRY(modules.put(make_meta_data(id, *code), std::make_shared<const Bytes>(*code)));
    } else {
      TRY(modules.erase(id));
    }
  }
  return store.commit(*batch);
}

// Saves of every size on every way to the disk, deletes, and both in one batch.
std::vector<Step> steps(std::size_t count) {
  constexpr std::size_t kSizes[] = {10, 9'000, 60'000, 700, 15'000, 300'000};
  std::vector<Step> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = [](std::size_t number) { return "m" + std::to_string(number); };
    Step step{{id(i), patterned(kSizes[i % 6], static_cast<unsigned>(100 + i))}};
    if (i % 5 == 4) step.emplace_back(id(i - 3), std::nullopt);
    if (i % 7 == 6) step.emplace_back(id(i) + "b", patterned(20'000, static_cast<unsigned>(i)));
    if (i % 10 == 8) step = {{id(i - 6), std::nullopt}};
    all.push_back(std::move(step));
  }
  return all;
}

// All that the store has, with the code read.
Model content_of(const Store& store) {
  const ModuleRepository modules{store};
  Model found;
  const ListPage page = modules.list({.limit = 1000}).value();
  for (const WasmMetaData& module : page.items) {
    const auto code = modules.read_code(module.digest);
    found[module.id] = code && *code ? **code : "its code cannot be read";
  }
  return found;
}

void copy_all(const Path& from, const Path& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

// Waits out the pause between two attempts on a full disk, and that RocksDB compacts what was
// erased from tables, for which it sees no hurry: 6 to 28 seconds were seen.
Result<void> write_when_it_can(Store& store, const Step& step) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{90};
  for (;;) {
    auto done = write(store, step);
    if (done || done.error().code != ErrorCode::kStorageFull ||
        std::chrono::steady_clock::now() > end)
      return done;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

class DiskFaults : public testing::Test {
 protected:
  // A store with something in it, to begin from.
  DiskFaults() {
    const auto store = open_store(origin_.path(), kSmall).value();
    for (const Step& step : steps(8)) {
      EXPECT_TRUE(write(*store, step).has_value());
      apply_to(model_, step);
    }
  }

  // Opens a copy, writes while operation `number` fails, and looks at what is left. False when
  // there were fewer operations.
  bool try_with(std::uint64_t number, Fault fault) {
    const TemporaryDirectory copy;
    copy_all(origin_.path(), copy.path());
    FaultyDisk disk{copy.path()};
    disk.fail_at(number, fault);
    Model model = model_;
    std::optional<Model> or_this;  // if a write that failed is there after all
    {
      auto opened = open_store(copy.path(), kSmall);
      if (opened) {
        write_all(**opened, disk, model, or_this);
      } else {
        EXPECT_TRUE(disk.has_failed()) << opened.error().message;
        EXPECT_EQ(opened.error().message.find('\n'), std::string::npos) << opened.error().message;
      }
    }
    const bool failed = disk.has_failed();
    disk.heal();
    const auto again = open_store(copy.path(), kSmall);
    EXPECT_TRUE(again.has_value()) << again.error().message;
    if (!again) return failed;
    const Model found = content_of(**again);
    EXPECT_TRUE(found == model || (or_this && found == *or_this)) << "after a restart";
    EXPECT_TRUE(write(**again, {{"after", "after"}}).has_value());
    return failed;
  }

  // What is answered is there; what is refused for lack of room is not; and the store goes on, or
  // says that it does not.
  void write_all(Store& store, FaultyDisk& disk, Model& model, std::optional<Model>& or_this) {
    for (Step step : steps(20)) {
      std::erase_if(step, [&model](const auto& change) {
        return !change.second && !model.contains(change.first);
      });
      const auto done = write(store, step);
      if (done) {
        EXPECT_FALSE(or_this.has_value()) << "answered after a failed commit";
        apply_to(model, step);
      } else if (done.error().code != ErrorCode::kStorageFull) {
        EXPECT_EQ(done.error().code, ErrorCode::kInternal);
        if (store.failed() && !or_this) apply_to(or_this.emplace(model), step);
      }
    }
    EXPECT_TRUE(store.failed() || content_of(store) == model);
    disk.heal();
    if (store.failed()) return;
    const Step step{{"healed", "healed"}};
    const auto done = write_when_it_can(store, step);
    EXPECT_TRUE(done.has_value() || store.failed()) << done.error().log;
    if (done) apply_to(model, step);
    if (!done && !or_this) apply_to(or_this.emplace(model), step);
  }

  // Every `step`th operation.
  void try_each(Fault fault, std::uint64_t step) {
    std::uint64_t number = 0;
    for (; !HasFailure(); number += step) {
      SCOPED_TRACE("operation " + std::to_string(number));
      if (!try_with(number, fault)) break;
    }
    EXPECT_GT(number, 10 * step);
  }

  const TemporaryDirectory origin_;
  Model model_;
};

TEST_F(DiskFaults, AnErrorAnywhereLosesNothing) { try_each(Fault::kErrorOnce, 7); }

TEST_F(DiskFaults, ADiskThatDiesAnywhereLosesNothing) { try_each(Fault::kErrors, 7); }

TEST_F(DiskFaults, ADiskThatBecomesFullAnywhereLosesNothing) { try_each(Fault::kFull, 3); }

TEST_F(DiskFaults, AFailedSyncRefusesFurtherWritesUntilTheStoreIsOpenedAgain) {
  TestStore store{kSmall};
  FaultyDisk disk{store.path()};
  ASSERT_TRUE(put_module(*store, "before", "before").has_value());
  EXPECT_FALSE(store->failed());
  disk.fail_at(1, Fault::kErrorOnce);  // the log is written, and then synced
  const auto failed = put_module(*store, "during", "during");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::kInternal);
  EXPECT_TRUE(store->failed());
  const auto after = put_module(*store, "after", "after");
  ASSERT_FALSE(after.has_value());
  EXPECT_NE(after.error().message.find("restarted"), std::string::npos) << after.error().message;
  EXPECT_TRUE(store.modules().find("before").value().has_value());  // reads go on
  store.open(kSmall);
  EXPECT_TRUE(store.modules().find("before").value().has_value());
  EXPECT_TRUE(put_module(*store, "after", "after").has_value());
}

// --- A full disk

class FullDisk : public testing::Test {
 protected:
  static constexpr StoreSettings kSettings{.max_bytes = 1ULL << 30,
                                           .cache_bytes = 1U << 20,
                                           .reserve_bytes = 4U << 20,
                                           .log_bytes = 1U << 20};

  // Until nothing more is taken, however small.
  void fill(std::size_t code_size) {
    disk_.limit_space(24U << 20);
    for (std::size_t size = code_size; size > 0; size /= 20) {
      for (;;) {
        const std::string id = "m" + std::to_string(count_);
        const auto done = put_module(*store_, id, patterned(size, 1000 + count_));
        if (!done) {
          ASSERT_EQ(done.error().code, ErrorCode::kStorageFull) << done.error().log;
          ASSERT_FALSE(store_->failed());
          break;
        }
        ++count_;
        ASSERT_LT(count_, 100'000U) << "the disk is never full";
      }
    }
  }

  void delete_all_of(unsigned from, unsigned to) {
    for (unsigned i = from; i < to; ++i) {
      const auto done = erase_module(*store_, "m" + std::to_string(i));
      ASSERT_TRUE(done.has_value()) << i << " of " << count_ << done.error().log;
    }
  }

  void expect_that_uploads_work_again(std::size_t size) {
    const auto done = write_when_it_can(*store_, {{"again", patterned(size)}});
    ASSERT_TRUE(done.has_value()) << done.error().log;
    EXPECT_EQ(store_.modules().read_code(sha256(patterned(size))).value(), patterned(size));
  }

  TestStore store_{kSettings};
  FaultyDisk disk_{store_.path()};
  unsigned count_ = 0;
};

TEST_F(FullDisk, TakesADeleteOfLargeCodeAndThenAnUpload) {
  fill(1'000'000);
  delete_all_of(0, 2);
  expect_that_uploads_work_again(900'000);
}

TEST_F(FullDisk, TakesDeletesOfSmallCodeAndThenUploads) {
  fill(15'000);
  delete_all_of(0, count_ - 10);
  expect_that_uploads_work_again(15'000);
}

// While the reserve is there, that is: what has become full by the store alone keeps some of it.
TEST_F(FullDisk, IsOpenedAndTakesADelete) {
  constexpr unsigned kModules = 60;
  for (unsigned i = 0; i < kModules; ++i) {
    const auto code = patterned(i % 10 == 0 ? 1'000'000 : 9'000, 1000 + i);
    ASSERT_TRUE(put_module(*store_, "m" + std::to_string(i), code).has_value());
  }
  store_.close();
  disk_.limit_space(disk_.used_space());  // others have taken what was left
  {
    const auto opened = open_store(store_.path(), kSettings);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
  }
  store_.open(kSettings);
  EXPECT_EQ(store_.modules().list({}).value().items.size(), kModules);
  delete_all_of(0, kModules);
  expect_that_uploads_work_again(900'000);
  store_.open(kSettings);
  EXPECT_EQ(store_.modules().list({}).value().items.size(), 1U);
}

// --- Loss of power

TEST(PowerLoss, LeavesANewStore) {
  const TemporaryDirectory place;
  FaultyDisk disk{place.path()};
  disk.record();
  open_store(place.path() / "a" / "data", kSmall).value();
  const TemporaryDirectory image;
  disk.leave(image.path());
  EXPECT_TRUE(std::filesystem::exists(image.path() / "a" / "data" / "db" / "CURRENT"));
  EXPECT_TRUE(open_store(image.path() / "a" / "data", kSmall).has_value());
}

// At every sync, with nothing of what is not synced and with some sectors of it.
TEST(PowerLoss, LeavesEveryAnsweredWriteAndNoneByHalf) {
  struct Image {
    TemporaryDirectory directory{};
    std::uint64_t answered = 0;
  };
  const TemporaryDirectory place;
  std::vector<Model> models{Model{}};  // by the number of batches
  std::vector<std::unique_ptr<Image>> images;
  {
    auto store = open_store(place.path(), kSmall).value();
    FaultyDisk disk{place.path()};
    disk.record();
    std::atomic<std::uint64_t> answered = 0;  // RocksDB's own threads sync as well
    unsigned syncs = 0;
    disk.before_sync([&] {
      if (++syncs % 3 == 0) return;
      images.push_back(std::make_unique<Image>());
      images.back()->answered = answered;
      disk.leave(images.back()->directory.path(), syncs % 3 == 1 ? 0 : syncs);
    });
    for (const Step& step : steps(40)) {
      apply_to(models.emplace_back(models.back()), step);
      ASSERT_TRUE(write(*store, step).has_value());
      ++answered;
    }
    store.reset();
  }
  EXPECT_GT(images.size(), 40U);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Image& image = *images[i];
    const auto opened = open_store(image.directory.path(), kSmall);
    ASSERT_TRUE(opened.has_value()) << "image " << i << ": " << opened.error().message;
    const std::uint64_t count = (*opened)->sequence();
    ASSERT_TRUE(count == image.answered || count == image.answered + 1)
        << "image " << i << ": " << count << " of " << image.answered;
    ASSERT_TRUE(content_of(**opened) == models[count]) << "image " << i;
    ASSERT_TRUE(write(**opened, {{"after", "after"}}).has_value()) << "image " << i;
  }
}

}  // namespace
}  // namespace wasm_server
