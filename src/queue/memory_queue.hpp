// MemoryQueue: topics in this process's memory, lost with it. A push reserves room with two atomic
// adds and leaves the job in the topic's inbox; each topic has a home loop that hands its jobs to
// the consumers' loops.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "queue/queue.hpp"

namespace weft::queue {

class Feeds;
class Topic;
struct Drain;
struct Settlement;

struct MemoryQueueOptions {
  TopicLimits defaults = {};  ///< of topics that appear because somebody consumes them
  std::size_t max_topics = 100;
  Millis forget_after{
      300'000};  ///< a connection without jobs for this long may get another consumer
  /// Stamps jobs; tests hand in their own.
  SteadyTime (*now)() = [] { return std::chrono::steady_clock::now(); };
};

/// Destroy it after the loops have stopped and before they are destroyed.
class MemoryQueue final : public Queue {
 public:
  MemoryQueue(std::vector<net::Loop*> loops, metrics::Registry& metrics,
              MemoryQueueOptions options = {});
  ~MemoryQueue() override;

  error_code create(std::string_view topic, TopicLimits limits) override;
  Result<std::size_t> push(std::string_view topic, ConnectionId from, SharedBytes data) override;
  ConsumerId consume(net::Loop& loop, std::weak_ptr<Consumer> consumer,
                     std::vector<std::string> topics, ConsumeOptions options,
                     std::function<void(error_code)> done) override;
  void leave(ConsumerId consumer) override;
  void resume(ConsumerId consumer) override;
  void ack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
           std::function<void(error_code)> done) override;
  void nack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
            std::chrono::milliseconds delay, std::function<void(error_code)> done) override;
  void status(net::Loop& from, std::function<void(std::vector<TopicStatus>)> done) override;
  void drain(net::Loop& from, std::chrono::milliseconds deadline,
             std::function<void()> done) override;

  /// From now on push gives `stopped`; what is there is still delivered. Any thread.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  friend class Topic;
  Topic* find(std::string_view name) const;
  Result<Topic*> find_or_create(std::string_view name, const TopicLimits& limits);
  error_code bury(std::string_view dead_letter, const Job& job, std::string why);
  Feeds& feeds_of(ConsumerId consumer);
  Topic* topic_of(std::uint64_t job) const;
  void settle(net::Loop& from, ConsumerId consumer, Settlement settlement);
  std::vector<Topic*> all_topics() const;

  std::vector<net::Loop*> loops_;
  metrics::Registry& metrics_;
  MemoryQueueOptions options_;
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
