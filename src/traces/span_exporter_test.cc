#include "traces/span_exporter.h"

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "testing/eventually.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

Span named(const std::string& name) {
  Span span;
  span.name = name;
  return span;
}

// A collector whose mood the test sets.
class SpanExporterTest : public testing::Test {
 protected:
  SpanExporter::Send send() {
    return [this](const std::string& body) {
      const std::lock_guard lock(mutex_);
      bodies_.push_back(body);
      return mood_;
    };
  }
  void set(SpanExporter::Sent mood) {
    const std::lock_guard lock(mutex_);
    mood_ = mood;
  }
  std::size_t tries() {
    const std::lock_guard lock(mutex_);
    return bodies_.size();
  }

  static constexpr SpanExporter::Pauses kShort{milliseconds(1), milliseconds(1), milliseconds(2)};

  SpanQueue queue_{10'000, 100};
  std::mutex mutex_;
  SpanExporter::Sent mood_ = SpanExporter::Sent::kTaken;
  std::vector<std::string> bodies_;
};

TEST_F(SpanExporterTest, SendsWhatComesAndWhatIsThereAtTheEnd) {
  SpanExporter exporter(queue_, send(), "1", kShort);
  queue_.add(named("first"));
  exporter.start();
  EXPECT_TRUE(eventually([&] { return exporter.exported() == 1; }));
  queue_.add(named("second"));
  exporter.stop();
  EXPECT_EQ(exporter.exported(), 2U);
  EXPECT_EQ(queue_.dropped(), 0U);
  EXPECT_NE(bodies_.back().find("second"), std::string::npos);
}

TEST_F(SpanExporterTest, TriesAgainWhileTheCollectorIsAwayAndDropsWhatTheQueueDoesNotHold) {
  set(SpanExporter::Sent::kTryLater);
  SpanExporter exporter(queue_, send(), "1", kShort);
  exporter.start();
  queue_.add(named("first"));
  EXPECT_TRUE(eventually([&] { return tries() >= 3; }));
  for (int i = 0; i < 1'000; ++i) queue_.add(named("more"));
  const auto dropped = queue_.dropped();
  EXPECT_GT(dropped, 900U);
  set(SpanExporter::Sent::kTaken);
  EXPECT_TRUE(eventually([&] { return exporter.exported() == 1'001 - dropped; }));
  EXPECT_EQ(queue_.dropped(), dropped);
}

TEST_F(SpanExporterTest, DropsWhatTheCollectorDoesNotWant) {
  set(SpanExporter::Sent::kRefused);
  SpanExporter exporter(queue_, send(), "1", kShort);
  exporter.start();
  queue_.add(named("first"));
  EXPECT_TRUE(eventually([&] { return queue_.dropped() == 1; }));
  EXPECT_EQ(exporter.exported(), 0U);
}

TEST_F(SpanExporterTest, DoesNotStayForACollectorThatIsAway) {
  set(SpanExporter::Sent::kTryLater);
  SpanExporter exporter(queue_, send(), "1",
                        {milliseconds(1), std::chrono::hours(1), std::chrono::hours(1)});
  exporter.start();
  queue_.add(named("first"));
  EXPECT_TRUE(eventually([&] { return tries() == 1; }));
  queue_.add(named("second"));
  exporter.stop();
  EXPECT_EQ(exporter.exported(), 0U);
  EXPECT_EQ(queue_.dropped(), 2U);
}

TEST(SpanQueue, RecordsItsShareOfNewTraces) {
  const SpanQueue none(1, 0);
  const SpanQueue all(1, 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(none.takes_new_trace());
    EXPECT_TRUE(all.takes_new_trace());
  }
}

}  // namespace
}  // namespace wasm_server
