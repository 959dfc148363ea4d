// Queue: bounded topics of jobs between connections and consumers. Anybody pushes, from any thread;
// consumers are fed on their own loop. Where the jobs of a topic are kept is its engine's matter:
// in this process, lost with it, or in a log that all nodes share (queues.hpp).
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
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
  stopped,
  unavailable,  ///< the server that keeps the topic cannot be asked
  timed_out,    ///< it did not answer: what was asked may have been carried out
  not_owner     ///< another node has this part of the topic now
};
error_code make_error_code(QueueErrc error);

/// Why a job lies in a dead-letter topic.
struct Death {
  std::string topic;      ///< where it was pushed
  std::string why;        ///< what went wrong with its last attempt
  std::uint64_t job = 0;  ///< its id there
};

/// How long a job that came from a log is this node's to give away. Any thread.
struct Lease {
  std::atomic<SteadyTime::rep> until{0};
  bool holds() const {
    return std::chrono::steady_clock::now().time_since_epoch().count() <
           until.load(std::memory_order_relaxed);
  }
};

/// One entry. `id` stays the same over redeliveries, and on all nodes where the topic is in a log;
/// those of one connection grow in the order of the pushes. Moving to a dead-letter topic gives a
/// new one.
struct Job {
  std::uint64_t id = 0;
  ConnectionId connection = ConnectionId::none;  ///< order is kept per connection
  std::string topic;
  SharedBytes data;  ///< JSON text of what was pushed
  std::chrono::steady_clock::time_point pushed_at;
  unsigned attempt = 1;
  std::shared_ptr<const Death> death = {};  ///< of a dead letter
  std::shared_ptr<const Lease> lease = {};  ///< null: of this process
};

/// false: another node has it by now, or will have.
inline bool is_ours(const Job& job) { return !job.lease || job.lease->holds(); }

struct TopicLimits {
  std::size_t max_items = 2000;
  std::size_t max_bytes = 64 << 20;
  unsigned max_attempts = 5;  ///< then the job goes to `dead_letter`, if that is set
  std::string dead_letter;    ///< topic name, "" = drop and count
  /// An unacknowledged job is delivered again after this.
  std::chrono::milliseconds ack_timeout{30'000};
  /// Of each connection one job at a time is with a consumer, or is going to be tried again: the
  /// next one comes when it is gone. For consumers that acknowledge.
  bool ordered = false;
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

/// Why a job was not done, and what shall become of it.
struct Failure {
  std::chrono::milliseconds delay{0};  ///< before the next attempt
  std::string why = {};                ///< in the consumer's words
  bool is_final = false;               ///< no further attempt: it is dead
};

using ConsumerId = std::uint64_t;

/// What status, /metrics and the command line show.
struct TopicStatus {
  std::string name;
  std::size_t items = 0, bytes = 0, unacked = 0, consumers = 0;
  std::uint64_t pushed = 0, delivered = 0, acked = 0, redelivered = 0, dead = 0, refused = 0;
  std::chrono::milliseconds oldest{0};
  bool is_up = true;  ///< false: where its jobs are nobody answers
};

/// The depth of the topic after a push. Errors: full, no_such_topic, stopped; and from topics in
/// logs unavailable and timed_out, after which the job may have been stored or not.
using Pushed = std::function<void(Result<std::size_t>)>;

class Queue {
 public:
  virtual ~Queue() = default;

  /// Creates a topic; an existing one keeps its jobs and takes the new limits. Any thread.
  virtual error_code create(std::string_view topic, TopicLimits limits) = 0;

  /// Any thread. `done` takes a Result<std::size_t>: see Pushed. It is called on `loop`, the
  /// caller's: during this call when the topic is in memory (nothing is allocated for it), later
  /// when its engine has to be asked. Pushes of one thread are stored in the order of the calls.
  template <class Done>
  void push(net::Loop& loop, std::string_view topic, ConnectionId from, SharedBytes data,
            Done&& done) {
    if (const auto depth = push_now(topic, from, data)) return done(*depth);
    push_later(loop, topic, from, std::move(data), std::forward<Done>(done));
  }
  /// The two halves of it. nullopt: nothing was done, `data` is untouched, push_later() has to be
  /// asked.
  virtual std::optional<Result<std::size_t>> push_now(std::string_view topic, ConnectionId from,
                                                      SharedBytes& data) = 0;
  virtual void push_later(net::Loop& loop, std::string_view topic, ConnectionId from,
                          SharedBytes data, Pushed done) = 0;
  /// Whether pushes to this topic are answered later.
  virtual bool waits(std::string_view topic) const = 0;

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
  /// taken back after ack_timeout; so for the next two.
  virtual void ack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                   std::function<void(error_code)> done) = 0;
  /// It is being worked on still: ack_timeout begins anew.
  virtual void working(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                       std::function<void(error_code)> done) = 0;
  /// It failed. Unless that is final or was the last attempt, it is delivered again after the
  /// delay, to the same consumer while that stays.
  virtual void nack(net::Loop& from, ConsumerId consumer, std::uint64_t job, Failure failure,
                    std::function<void(error_code)> done) = 0;

  /// Every topic that this node cannot do without answers. Any thread.
  virtual bool is_ready() const = 0;

  // --- for people; `done` runs on `from` ---
  virtual void status(net::Loop& from, std::function<void(std::vector<TopicStatus>)> done) = 0;
  /// At most `limit` jobs, about the oldest. In memory those that no consumer has; of a log those
  /// in flight too. Errors: no_such_topic, unavailable, timed_out; so for the next two.
  virtual void peek(net::Loop& from, std::string_view topic, std::size_t limit,
                    std::function<void(Result<std::vector<Job>>)> done) = 0;
  /// Takes at most `limit` dead letters back to the topics where they were pushed, as new jobs.
  /// Gives how many. Stops at the first that is refused there, with its error unless some were
  /// moved before.
  virtual void retry(net::Loop& from, std::string_view topic, std::size_t limit,
                     std::function<void(Result<std::size_t>)> done) = 0;
  /// Takes out all that peek() can show. Gives how many there were.
  virtual void purge(net::Loop& from, std::string_view topic,
                     std::function<void(Result<std::size_t>)> done) = 0;
  /// Drain: `done` runs when every topic with a consumer is empty, or at `deadline`.
  virtual void drain(net::Loop& from, std::chrono::milliseconds deadline,
                     std::function<void()> done) = 0;
};

}  // namespace weft::queue

template <>
struct boost::system::is_error_code_enum<weft::queue::QueueErrc> : std::true_type {};
