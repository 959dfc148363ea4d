// Queues: all topics of a node, each with its engine: this process's memory (memory_topic.hpp) or a
// log that nodes share (log_topic.hpp). Each topic has a home loop that hands its jobs to the
// consumers' loops.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "queue/job_log.hpp"
#include "queue/queue.hpp"
#include "queue/topic.hpp"

namespace weft::queue {

class Feeds;
struct Drain;
struct Settlement;

struct QueuesOptions {
  TopicLimits defaults = {};  ///< of topics that appear because somebody consumes them
  std::size_t max_topics = 100;
  Millis forget_after{
      300'000};  ///< a connection without jobs for this long may get another consumer
  /// Stamps jobs; tests hand in their own.
  SteadyTime (*now)() = [] { return std::chrono::steady_clock::now(); };
};

/// Opens this node's door to the log of a topic; called on `home`, where the log lives.
using OpenLog = std::function<std::unique_ptr<JobLog>(net::Loop& home, LogOptions options)>;

/// Destroy it after the loops have stopped and before they are destroyed.
class Queues final : public Queue {
 public:
  Queues(std::vector<net::Loop*> loops, metrics::Registry& metrics, QueuesOptions options = {});
  ~Queues() override;

  error_code create(std::string_view topic, TopicLimits limits) override;
  /// The same for a topic in a log: `options.topic`. bad_topic_name also when it is there already.
  error_code create_log(LogOptions options, TopicLimits limits, OpenLog open);

  std::optional<Result<std::size_t>> push_now(std::string_view topic, ConnectionId from,
                                              SharedBytes& data) override;
  void push_later(net::Loop& loop, std::string_view topic, ConnectionId from, SharedBytes data,
                  Pushed done) override;
  bool waits(std::string_view topic) const override;
  ConsumerId consume(net::Loop& loop, std::weak_ptr<Consumer> consumer,
                     std::vector<std::string> topics, ConsumeOptions options,
                     std::function<void(error_code)> done) override;
  void leave(ConsumerId consumer) override;
  void resume(ConsumerId consumer) override;
  void ack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
           std::function<void(error_code)> done) override;
  void working(net::Loop& from, ConsumerId consumer, std::uint64_t job,
               std::function<void(error_code)> done) override;
  void nack(net::Loop& from, ConsumerId consumer, std::uint64_t job, Failure failure,
            std::function<void(error_code)> done) override;
  bool is_ready() const override;
  void status(net::Loop& from, std::function<void(std::vector<TopicStatus>)> done) override;
  void peek(net::Loop& from, std::string_view topic, std::size_t limit,
            std::function<void(Result<std::vector<Job>>)> done) override;
  void retry(net::Loop& from, std::string_view topic, std::size_t limit,
             std::function<void(Result<std::size_t>)> done) override;
  void purge(net::Loop& from, std::string_view topic,
             std::function<void(Result<std::size_t>)> done) override;
  void drain(net::Loop& from, std::chrono::milliseconds deadline,
             std::function<void()> done) override;

  /// From now on push gives `stopped`; what is there is still delivered. Any thread.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }
  /// After the last push and settlement, while the loops run: logs are written out and let go.
  /// `done` runs on `from`.
  void close(net::Loop& from, std::function<void()> done);

 private:
  using Make = std::function<std::unique_ptr<Topic>(unsigned number, net::Loop& home)>;
  Topic* find(std::string_view name) const;
  Result<Topic*> find_or_create(std::string_view name, const TopicLimits& limits);
  Result<Topic*> add(std::string_view name, const Make& make);
  void bury(const std::string& dead_letter, net::Loop& loop, const Job& job, std::string why,
            Pushed done);
  Feeds& feeds_of(ConsumerId consumer);
  Topic* topic_of(std::uint64_t job) const;
  void settle(net::Loop& from, ConsumerId consumer, Settlement settlement);
  std::vector<Topic*> all_topics() const;

  std::vector<net::Loop*> loops_;
  QueuesOptions options_;
  const TopicRules rules_;
  std::vector<std::unique_ptr<Feeds>> feeds_;  // by loop index

  // Topics are only ever added, so readers need no lock: an open-addressed table of pointers.
  std::vector<std::atomic<Topic*>> table_;
  std::vector<std::atomic<Topic*>> by_number_;  // a job id names its topic's number
  std::mutex creating_;  // guards what follows; creating and draining are rare
  std::vector<std::unique_ptr<Topic>> topics_;
  std::vector<std::shared_ptr<Drain>> drains_;
  std::atomic<std::uint64_t> last_job_{0};
  std::atomic<std::uint64_t> last_consumer_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace weft::queue
