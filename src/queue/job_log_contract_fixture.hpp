// The fixture of job_log_contract.hpp.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/test_loop.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

struct LogEngine {
  std::string name;
  /// `loop` is driven by the test. null = it cannot be tested here: skipped.
  std::function<std::unique_ptr<JobLog>(net::Loop& loop, LogOptions options)> open;
};
inline void PrintTo(const LogEngine& engine, std::ostream* out) { *out << engine.name; }

class JobLogContract : public testing::TestWithParam<LogEngine> {
 protected:
  using Entries = std::vector<LogEntry>;
  using Millis = std::chrono::milliseconds;
  static constexpr unsigned kParts = 4;
  static constexpr ConnectionId kAnn{7001};
  static constexpr Millis kWait = std::chrono::seconds(15), kNever{0};   // for what has to come
  static constexpr Millis kLong = std::chrono::minutes(2), kShort{300};  // leases

  void SetUp() override {
    static int number = 0;
    topic_ = "topic" + std::to_string(++number);
    first_ = open(NodeId{101});
    if (!first_) GTEST_SKIP() << GetParam().name << " is not there";
    second_ = open(NodeId{102});
  }
  void TearDown() override {
    for (JobLog* log : {first_.get(), second_.get()})
      if (log) log->stop();
    test_.settle();
  }

  std::unique_ptr<JobLog> open(NodeId me, Millis lease = kLong) {
    LogOptions options;
    options.topic = topic_;
    options.me = me;
    options.partitions = kParts;
    options.lease = lease;
    return GetParam().open(test_.loop(), options);
  }
  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }

  static std::vector<NewJob> jobs(std::vector<std::string> texts, std::uint64_t first_number) {
    std::vector<NewJob> made;
    for (const std::string& text : texts) {
      NewJob job;
      job.connection = kAnn;
      job.data = SharedBytes::copy_of(text);
      job.number = first_number++;
      made.push_back(std::move(job));
    }
    return made;
  }
  /// By the first door, with numbers that nobody used before.
  Appended append(std::vector<std::string> texts, unsigned partition = 0) {
    const std::uint64_t number = next_number_;
    next_number_ += texts.size();
    return run(first_->append(partition, jobs(std::move(texts), number))).value();
  }
  std::vector<unsigned> claim(const std::unique_ptr<JobLog>& log, bool wants = true) {
    return run(log->claim(wants)).value().owned;
  }
  Entries read(const std::unique_ptr<JobLog>& log, Millis wait = kWait, std::size_t max = 100) {
    return run(log->read(all(), max, wait)).value();
  }
  Entries read_at_once(const std::unique_ptr<JobLog>& log) { return read(log, kNever); }
  LogStatus status() { return run(second_->status()).value(); }
  /// Claims for `log` until it owns everything.
  void take_over(const std::unique_ptr<JobLog>& log) {
    const auto deadline = std::chrono::steady_clock::now() + kWait;
    while (claim(log).size() < kParts) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
  /// Until it `works`, however short the lease is.
  template <class Works>
  void owning(const std::unique_ptr<JobLog>& log, Works works) {
    const auto deadline = std::chrono::steady_clock::now() + kWait;
    while (!works()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      claim(log);
    }
  }
  void release(const std::unique_ptr<JobLog>& log, unsigned partition,
               std::vector<std::uint64_t> unseen = {}) {
    EXPECT_TRUE(run(log->release(partition, std::move(unseen))));
  }
  void release_all(const std::unique_ptr<JobLog>& log) {
    claim(log, false);
    for (const unsigned partition : all()) release(log, partition);
  }
  Result<void> rest(const std::unique_ptr<JobLog>& log, LogPlace place, Millis time) {
    std::vector<Rest> one{{place, time}};
    return run(log->rest(std::move(one)));
  }

  static std::vector<unsigned> all() { return {0, 1, 2, 3}; }
  static std::vector<std::string> texts(const Entries& entries) {
    std::vector<std::string> found;
    for (const LogEntry& entry : entries) found.emplace_back(entry.data.text());
    return found;
  }
  static std::vector<unsigned> attempts(const Entries& entries) {
    std::vector<unsigned> found;
    for (const LogEntry& entry : entries) found.push_back(entry.attempt);
    return found;
  }
  static std::vector<LogPlace> places(const Entries& entries) {
    std::vector<LogPlace> found;
    for (const LogEntry& entry : entries) found.push_back(entry.place);
    return found;
  }

  net::TestLoop test_;
  std::string topic_;
  std::unique_ptr<JobLog> first_, second_;
  std::uint64_t next_number_ = 1;
};

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

}  // namespace weft::queue
