#include "framework/task_pool.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace weft::framework {
namespace {

using std::chrono::hours;

/// How a task ended: nothing = it gave a result.
using End = std::future<error_code>;

class TaskPoolTest : public testing::Test {
 protected:
  End submit(TaskPool& pool, std::function<void()> work, Millis timeout = hours(1)) {
    auto end = std::make_shared<std::promise<error_code>>();
    pool.submit([end, work = std::move(work)] { work(), end->set_value({}); },
                [end](error_code error) { end->set_value(error); }, timeout);
    return end->get_future();
  }
  std::int64_t failed(const char* reason) const {
    return metrics_.total("weft_tasks_failed_total", std::string("reason=\"") + reason + '"');
  }

  metrics::Registry metrics_;
};

TEST_F(TaskPoolTest, RunsWorkOnItsThreads) {
  TaskPool pool({.threads = 2, .max_waiting = 10}, metrics_);
  std::thread::id where;
  EXPECT_FALSE(submit(pool, [&] { where = std::this_thread::get_id(); }).get());
  EXPECT_NE(where, std::this_thread::get_id());
  pool.stop();
  EXPECT_EQ(metrics_.total("weft_tasks_done_total"), 1);
  EXPECT_EQ(metrics_.total("weft_tasks_running"), 0);
}

TEST_F(TaskPoolTest, WhatThrowsIsToldAndCountedAndTheThreadGoesOn) {
  TaskPool pool({.threads = 1, .max_waiting = 10}, metrics_);
  EXPECT_EQ(submit(pool, [] { throw std::runtime_error("no disk"); }).get(), TaskErrc::threw);
  EXPECT_EQ(submit(pool, [] { throw 3; }).get(), TaskErrc::threw);
  EXPECT_FALSE(submit(pool, [] {}).get());
  EXPECT_EQ(failed("threw"), 2);
}

TEST_F(TaskPoolTest, TheDeadlineRunsFromSubmissionAndWhatHasNotBegunNeverBegins) {
  std::promise<void> began, free;
  TaskPool pool({.threads = 1, .max_waiting = 1}, metrics_);
  const End running = submit(pool, [&] { began.set_value(), free.get_future().wait(); });
  began.get_future().wait();
  bool ran = false;
  EXPECT_EQ(submit(
                pool, [&] { ran = true; }, Millis(1))
                .get(),
            TaskErrc::timed_out);
  EXPECT_EQ(submit(
                pool, [&] { ran = true; }, Millis(1))
                .get(),
            TaskErrc::timed_out)
      << "the one before has left its place";
  free.set_value();
  pool.stop();
  EXPECT_FALSE(ran);
  EXPECT_EQ(failed("timed_out"), 2);
}

TEST_F(TaskPoolTest, WorkThatRunsTooLongIsToldWhileItStillRuns) {
  std::promise<void> free;
  std::promise<error_code> told;
  TaskPool pool({.threads = 1, .max_waiting = 1}, metrics_);
  pool.submit([&] { free.get_future().wait(); }, [&](error_code error) { told.set_value(error); },
              Millis(1));
  EXPECT_EQ(told.get_future().get(), TaskErrc::timed_out);
  free.set_value();
}

TEST_F(TaskPoolTest, MoreThanMayWaitIsRefusedAtOnce) {
  std::promise<void> began, free;
  TaskPool pool({.threads = 1, .max_waiting = 1}, metrics_);
  const End running = submit(pool, [&] { began.set_value(), free.get_future().wait(); });
  began.get_future().wait();
  const End waiting = submit(pool, [] {});
  EXPECT_EQ(submit(pool, [] {}).get(), TaskErrc::full);
  EXPECT_EQ(metrics_.total("weft_tasks_waiting"), 1);
  free.set_value();
}

TEST_F(TaskPoolTest, StoppingFailsWhatWaitsAndWaitsForWhatRuns) {
  std::promise<void> began, free;
  bool finished = false;
  TaskPool pool({.threads = 1, .max_waiting = 10}, metrics_);
  End running = submit(pool, [&] { began.set_value(), free.get_future().wait(), finished = true; });
  began.get_future().wait();
  auto waiting = std::make_shared<std::promise<error_code>>();
  pool.submit([] {},
              [&, waiting](error_code error) { free.set_value(), waiting->set_value(error); },
              hours(1));
  pool.stop();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(running.get());
  EXPECT_EQ(waiting->get_future().get(), TaskErrc::stopped);
  EXPECT_EQ(submit(pool, [] {}).get(), TaskErrc::stopped);
}

}  // namespace
}  // namespace weft::framework
