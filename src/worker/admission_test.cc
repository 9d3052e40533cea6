#include "worker/admission.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

// Notes the order in which calls are let in.
class Caller : public Waiter {
 public:
  Caller(std::string name, std::vector<std::string>& order)
      : name_(std::move(name)), order_(order) {}
  void admitted() override { order_.push_back(name_); }

 private:
  std::string name_;
  std::vector<std::string>& order_;
};

class AdmissionTest : public testing::Test {
 protected:
  Admission::Queued wait(Admission& admission, std::string_view id, ConcurrencyLimits limits = {}) {
    callers_.push_back(std::make_shared<Caller>(std::string(id), order_));
    return admission.enter_or_wait(id, limits, callers_.back(), limiter_);
  }

  std::vector<std::shared_ptr<Waiter>> callers_;
  std::vector<std::string> order_;
  std::shared_ptr<Admission::ConcurrencyLimiter> limiter_;
};

TEST_F(AdmissionTest, LetsInUpToTheServersCap) {
  Admission admission(2, 10);
  EXPECT_NE(admission.try_enter("a", {}).limiter, nullptr);
  EXPECT_NE(admission.try_enter("b", {}).limiter, nullptr);
  EXPECT_EQ(admission.try_enter("c", {}).limiter, nullptr);
}

TEST_F(AdmissionTest, LetsInUpToTheModulesCap) {
  Admission admission(10, 10);
  EXPECT_NE(admission.try_enter("a", {1, 0}).limiter, nullptr);
  EXPECT_EQ(admission.try_enter("a", {1, 0}).limiter, nullptr);
  EXPECT_NE(admission.try_enter("b", {1, 0}).limiter, nullptr);
}

TEST_F(AdmissionTest, RefusesBeyondTheModulesQueue) {
  Admission admission(10, 10);
  ASSERT_NE(admission.try_enter("a", {1, 2}).limiter, nullptr);
  EXPECT_EQ(wait(admission, "a", {1, 2}), Admission::Queued::kWaiting);
  EXPECT_EQ(wait(admission, "a", {1, 2}), Admission::Queued::kWaiting);
  EXPECT_EQ(wait(admission, "a", {1, 2}), Admission::Queued::kRefused);
}

TEST_F(AdmissionTest, RefusesBeyondTheServersQueue) {
  Admission admission(1, 2);
  ASSERT_NE(admission.try_enter("a", {}).limiter, nullptr);
  EXPECT_EQ(wait(admission, "a"), Admission::Queued::kWaiting);
  EXPECT_EQ(wait(admission, "b"), Admission::Queued::kWaiting);
  EXPECT_EQ(wait(admission, "c"), Admission::Queued::kRefused);
}

TEST_F(AdmissionTest, ServesOneModuleAfterTheOther) {
  Admission admission(1, 100);
  auto* limiter = admission.try_enter("busy", {}).limiter;
  for (int i = 0; i < 10; ++i) wait(admission, "flood");
  wait(admission, "single");
  admission.leave(*limiter, SliceUse::kShort);
  ASSERT_EQ(order_, (std::vector<std::string>{"flood"}));
  limiter_ = nullptr;
  wait(admission, "flood");  // sets limiter_ to flood's
  admission.leave(*limiter_, SliceUse::kShort);
  EXPECT_EQ(order_, (std::vector<std::string>{"flood", "single"}));
}

TEST_F(AdmissionTest, PassesOverAModuleThatIsAtItsCap) {
  Admission admission(2, 100);
  auto* capped = admission.try_enter("capped", {1, 0}).limiter;
  auto* other = admission.try_enter("other", {}).limiter;
  wait(admission, "capped", {1, 0});
  wait(admission, "free");
  admission.leave(*other, SliceUse::kShort);
  EXPECT_EQ(order_, (std::vector<std::string>{"free"}));
  admission.leave(*capped, SliceUse::kShort);
  EXPECT_EQ(order_, (std::vector<std::string>{"free", "capped"}));
}

TEST_F(AdmissionTest, ForgetsACallThatStopsWaiting) {
  Admission admission(1, 1);
  auto* limiter = admission.try_enter("a", {}).limiter;
  wait(admission, "b");
  EXPECT_TRUE(admission.stop_waiting(*limiter_, callers_.back()));
  EXPECT_FALSE(admission.stop_waiting(*limiter_, callers_.back()));
  EXPECT_EQ(admission.waiting(), 0U);
  admission.leave(*limiter, SliceUse::kShort);
  EXPECT_TRUE(order_.empty());
  EXPECT_EQ(admission.running(), 0U);
}

TEST_F(AdmissionTest, RemembersWhoWasSlow) {
  Admission admission(10, 10);
  auto ticket = admission.try_enter("a", {});
  EXPECT_FALSE(ticket.slow);
  admission.leave(*ticket.limiter, SliceUse::kLong);
  ticket = admission.try_enter("a", {});
  EXPECT_TRUE(ticket.slow);
  admission.leave(*ticket.limiter, SliceUse::kShort);
  EXPECT_FALSE(admission.try_enter("a", {}).slow);
}

TEST_F(AdmissionTest, RemembersWhoHeldAThreadThoughTheNextCallIsShort) {
  Admission admission(10, 10);
  auto ticket = admission.try_enter("a", {});
  admission.leave(*ticket.limiter, SliceUse::kHeld);
  ticket = admission.try_enter("a", {});
  EXPECT_TRUE(ticket.slow);
  admission.leave(*ticket.limiter, SliceUse::kShort);
  EXPECT_TRUE(admission.try_enter("a", {}).slow);
  EXPECT_FALSE(admission.try_enter("b", {}).slow);
}

TEST_F(AdmissionTest, KeepsNoMoreThanABoundedNumberOfIdleLimiters) {
  Admission admission(10, 10);
  for (int i = 0; i < 50'000; ++i) {
    const auto ticket = admission.try_enter("module" + std::to_string(i), {});
    ASSERT_NE(ticket.limiter, nullptr);
    admission.leave(*ticket.limiter, SliceUse::kShort);
  }
  EXPECT_EQ(admission.running(), 0U);
}

}  // namespace
}  // namespace wasm_server
