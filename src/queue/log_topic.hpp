// LogTopic: a topic whose jobs are in a log that nodes share. Any node pushes; the nodes that have
// consumers share its partitions, and each deals what it owns. Everything but push_later() happens
// on the home loop, where the log lives too.
#pragma once
#include "queue/heard_log.hpp"
#include "queue/log_pump.hpp"
#include "queue/log_writer.hpp"
#include "queue/queues.hpp"
#include "queue/topic.hpp"

namespace weft::queue {

class LogTopic final : public Topic, private LogSink {
 public:
  LogTopic(const TopicRules& rules, unsigned number, net::Loop& home, TopicLimits limits,
           LogOptions options, OpenLog open, Bury bury);
  ~LogTopic() override;

  std::optional<Result<std::size_t>> push_now(ConnectionId, SharedBytes&) override {
    return std::nullopt;
  }
  bool waits() const override { return true; }
  void push_later(net::Loop& loop, ConnectionId from, SharedBytes data,
                  std::shared_ptr<const Death> death, Pushed done) override;
  void set_limits(TopicLimits limits) override;
  bool is_drained() const override;
  bool is_ready() const override { return is_up() || !options_.is_required; }

  void start() override;
  void begin_drain() override;
  void stop(std::function<void()> done) override;
  void status(std::function<void(TopicStatus)> done) override;
  void peek(std::size_t limit, std::function<void(Result<std::vector<Job>>)> done) override;
  void remove(std::vector<std::uint64_t> jobs,
              std::function<void(Result<std::size_t>)> done) override;
  void purge(std::function<void(Result<std::size_t>)> done) override;

 private:
  // Topic's
  void gone(const Job& job, net::Loop* from, Done& done) override;
  void tried_again(const Job& job) override;
  void rests(const Job& job, Millis delay, net::Loop& from, Done& done) override;
  void died(const JobPtr& job, std::string why) override;
  void dealt() override;
  void count() override {}
  void on_tick() override;
  // LogSink's
  bool has_consumers_now() const override { return has_consumers(); }
  std::size_t room() const override;
  void on_entries(std::vector<LogEntry> entries,
                  const std::vector<std::shared_ptr<Lease>>& leases) override;
  GivenBack take_back_from(unsigned partition) override;
  void revoke_from(unsigned partition) override;

  bool is_up() const { return is_up_.load(std::memory_order_relaxed); }
  void answers(bool is_up);

  struct Unburied {
    JobPtr job;
    std::string why;
  };
  void forget(std::vector<std::uint64_t> jobs);
  void buried(const JobPtr& job, const std::string& why, error_code error);
  std::uint64_t id_of(LogPlace place) const;
  static LogPlace place_of(std::uint64_t job);
  Job job_of(LogEntry entry) const;
  /// Runs `task` on the home loop and gives its result to `done`, unless the topic is gone by then.
  template <class Value, class Then>
  void ask(Task<Result<Value>> task, Then then);

  const LogOptions options_;
  const OpenLog open_;
  const Bury bury_;
  metrics::Gauge& up_;
  std::shared_ptr<HeardLog> log_;
  std::shared_ptr<LogWriter> writer_;
  std::shared_ptr<LogPump> pump_;
  std::shared_ptr<LogTopic*> alive_ = std::make_shared<LogTopic*>(this);
  std::atomic<std::size_t> arriving_{0};  // pushes on their way to the home loop
  std::atomic<bool> is_up_{false};
  bool is_pinging_ = false, was_down_ = false;
  std::vector<Unburied> unburied_;
  LogStatus last_seen_;
  unsigned ticks_ = 0;
  bool stopped_ = false;
};

}  // namespace weft::queue
