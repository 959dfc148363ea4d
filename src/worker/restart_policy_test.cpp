#include "worker/restart_policy.hpp"

#include <gtest/gtest.h>

namespace weft::worker {
namespace {

TEST(RestartPolicyTest, DoublesTheWaitUpToTheLongest) {
  RestartPolicy policy({.first = Millis{100}, .longest = Millis{500}, .healthy = Millis{10'000}});
  for (const int wait : {100, 200, 400, 500, 500})
    EXPECT_EQ(policy.after_run_of(Millis{5}), Millis{wait});
}

TEST(RestartPolicyTest, AHealthyRunForgetsTheEarlierEnds) {
  RestartPolicy policy({.first = Millis{100}, .longest = Millis{500}, .healthy = Millis{10'000}});
  for (int i = 0; i < 5; ++i) policy.after_run_of(Millis{5});
  EXPECT_EQ(policy.after_run_of(Millis{10'000}), Millis{100});
}

}  // namespace
}  // namespace weft::worker
