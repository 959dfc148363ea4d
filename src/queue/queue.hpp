// Queue: bounded topics of jobs between connections and consumers. Pushing is synchronous from any
// thread; consumers are fed on their own loop. Engines: memory_queue (this process only, lost with
// it).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.hpp"
#include "net/loop.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft::queue {

enum class QueueErrc {
  full = 1,
  no_such_topic,
  too_many_topics,
  bad_topic_name,
  already_consuming,
  no_such_job,
  stopped
};
error_code make_error_code(QueueErrc error);

/// Why a job lies in a dead-letter topic.
struct Death {
  std::string topic;      ///< where it was pushed
  std::string why;        ///< what went wrong with its last attempt
  std::uint64_t job = 0;  ///< its id there
};

/// One entry. `id` is unique in the process, grows in the order of the pushes, and stays the same
/// over redeliveries; moving to a dead-letter topic gives a new one.
struct Job {
  std::uint64_t id = 0;
  ConnectionId connection = ConnectionId::none;  ///< order is kept per connection
  std::string topic;
  SharedBytes data;  ///< JSON text of what was pushed
  std::chrono::steady_clock::time_point pushed_at;
  unsigned attempt = 1;
  std::shared_ptr<const Death> death = {};  ///< of a dead letter
};

struct TopicLimits {
  std::size_t max_items = 2000;
  std::size_t max_bytes = 64 << 20;
  unsigned max_attempts = 5;  ///< then the job goes to `dead_letter`, if that is set
  std::string dead_letter;    ///< topic name, "" = drop and count
  /// An unacknowledged job is delivered again after this.
  std::chrono::milliseconds ack_timeout{30'000};
};

struct ConsumeOptions {
  /// true: a job leaves the topic when it is acknowledged, not when it is delivered.
  bool ack = false;
  std::size_t prefetch = 64;  ///< with ack: jobs of each topic in flight at most
};

/// Who takes jobs. Called on the loop it consumes from.
class Consumer {
 public:
  virtual ~Consumer() = default;
  /// Takes the job over. false = not now: the job stays first in line until `Queue::resume`.
  virtual bool on_job(const Job& job) = 0;
};

using ConsumerId = std::uint64_t;

/// What status, /metrics and the command line show.
struct TopicStatus {
  std::string name;
  std::size_t items = 0, bytes = 0, unacked = 0, consumers = 0;
  std::uint64_t pushed = 0, delivered = 0, acked = 0, redelivered = 0, dead = 0, refused = 0;
  std::chrono::milliseconds oldest{0};
};

class Queue {
 public:
  virtual ~Queue() = default;

  /// Creates a topic; an existing one keeps its jobs and takes the new limits. Any thread.
  virtual error_code create(std::string_view topic, TopicLimits limits) = 0;

  /// Any thread, never waits. Gives the depth of the topic after the push. Errors: full,
  /// no_such_topic, stopped.
  virtual Result<std::size_t> push(std::string_view topic, ConnectionId from, SharedBytes data) = 0;

  /// Feeds `consumer` on `loop` until `leave`. `done` runs on `loop` before the first job is
  /// delivered. Consuming a topic that does not exist yet creates it with default limits.
  virtual ConsumerId consume(net::Loop& loop, std::weak_ptr<Consumer> consumer,
                             std::vector<std::string> topics, ConsumeOptions options,
                             std::function<void(error_code)> done) = 0;
  /// On the consumer's loop, as resume(). Jobs that were not delivered, or not acknowledged, go
  /// back in their order to the others, or wait for the next consumer.
  virtual void leave(ConsumerId consumer) = 0;
  /// The consumer takes jobs again after on_job gave false.
  virtual void resume(ConsumerId consumer) = 0;

  /// `done` runs on `from`, the consumer's loop. no_such_job: it was acknowledged before, or was
  /// taken back after ack_timeout. A nacked job is delivered again after `delay`, to the same
  /// consumer.
  virtual void ack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                   std::function<void(error_code)> done) = 0;
  virtual void nack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                    std::chrono::milliseconds delay, std::function<void(error_code)> done) = 0;

  virtual void status(net::Loop& from, std::function<void(std::vector<TopicStatus>)> done) = 0;
  /// Drain: `done` runs when every topic with a consumer is empty, or at `deadline`.
  virtual void drain(net::Loop& from, std::chrono::milliseconds deadline,
                     std::function<void()> done) = 0;
};

}  // namespace weft::queue

template <>
struct boost::system::is_error_code_enum<weft::queue::QueueErrc> : std::true_type {};
