#include "queue/log_pump.hpp"

#include <gtest/gtest.h>

#include "net/test_loop.hpp"
#include "queue/memory_log.hpp"
#include "queue/watched_log.hpp"

namespace weft::queue {
namespace {

using std::chrono::steady_clock;

// Takes everything, and has it still when the test looks.
struct FakeSink : LogSink {
  bool has_consumers_now() const override { return true; }
  std::size_t room() const override { return 10; }
  void on_entries(std::vector<LogEntry> entries,
                  const std::vector<std::shared_ptr<Lease>>&) override {
    for (LogEntry& entry : entries) dealt.push_back(std::move(entry));
  }
  GivenBack take_back_from(unsigned) override { return {}; }
  void revoke_from(unsigned) override {}

  std::vector<LogEntry> dealt;
};

class LogPumpTest : public testing::Test {
 protected:
  static constexpr Millis kLease{2'000};

  LogPumpTest() {
    options_.topic = "jobs";
    options_.me = NodeId{1};
    options_.partitions = 1;
    options_.lease = kLease;
    log_ = std::make_shared<WatchedLog>(std::make_unique<MemoryLog>(store_, options_), watch_);
    pump_ = std::make_shared<LogPump>(test_.loop(), log_, options_);
  }
  ~LogPumpTest() override {
    bool stopped = false;
    pump_->stop([&] { stopped = true; });
    test_.until([&] { return stopped; });
  }
  void append(std::uint64_t number) {
    std::vector<NewJob> jobs(1);
    jobs[0].data = SharedBytes::copy_of("{}");
    jobs[0].number = number;
    ASSERT_EQ(test_.run(log_->append(0, std::move(jobs))).value().stored, 1u);
  }

  net::TestLoop test_;
  LogOptions options_;
  const std::shared_ptr<MemoryLogStore> store_ = std::make_shared<MemoryLogStore>();
  const std::shared_ptr<WatchedLog::Watch> watch_ = std::make_shared<WatchedLog::Watch>();
  std::shared_ptr<WatchedLog> log_;
  FakeSink sink_;
  std::shared_ptr<LogPump> pump_;
};

// The read that was under way gives a job that may not be dealt any more; then a claim that was
// asked in time is answered, and the partition is this node's still.
TEST_F(LogPumpTest, AJobThatCameBehindTheEndOfALeaseIsReadAgain) {
  pump_->start(sink_);
  append(1);
  test_.until([&] { return sink_.dealt.size() == 1; });
  watch_->claims_wait = true;
  const SteadyTime over = steady_clock::now() + kLease * 9 / 10 + Millis(20);
  test_.until([&] { return steady_clock::now() > over; });
  append(2);
  test_.settle();
  watch_->claims_wait = false;
  watch_->came.ring();
  test_.until([&] { return sink_.dealt.size() >= 2 && sink_.dealt.back().place.sequence == 2; });
}

}  // namespace
}  // namespace weft::queue
