// JobLog: the durable log of one topic, kept by a server or a file and shared by all nodes. It has
// partitions; the jobs of one connection stand in one of them, in the order of their pushes. Any
// node appends. A partition's jobs are read by the node that owns it, one at a time over all nodes,
// for as long as that node's lease runs. How jobs are dealt to consumers is not known here:
// log_topic.hpp.
//
// Engines: memory_log (nodes of one process), sqlite_log, redis_log, jetstream_log;
// job_log_contract.hpp is what all of them pass. Each object is one node's door to one topic: made,
// called and destroyed on one loop, where its coroutines run. Calls may overlap.
//
// Every call may fail with `unavailable`, `timed_out` or `stopped`. After the first two it may have
// been carried out or not, and may be repeated. After a read() that failed the next one gives what
// the lost answer had.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/node_id.hpp"
#include "base/shared_bytes.hpp"
#include "queue/queue.hpp"
#include "weft/result.hpp"
#include "weft/task.hpp"
#include "weft/types.hpp"

namespace weft::queue {

/// A job's place in its topic. Sequence numbers grow within a partition, lie below 2^44 and are not
/// used twice, also when all the engine's data is lost in between.
struct LogPlace {
  unsigned partition = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const LogPlace&) const = default;
};

/// A job that shall be appended.
struct NewJob {
  ConnectionId connection = ConnectionId::none;
  SharedBytes data = {};
  std::shared_ptr<const Death> death = {};
  /// What makes an append that is repeated harmless: the numbers that one node gives to one
  /// partition grow from 1 on. A job whose number was stored is not stored again.
  std::uint64_t number = 0;
};

struct Appended {
  /// The first so many are stored; for the others there was no room. A job that stands behind one
  /// that found no room is not stored either.
  std::size_t stored = 0;
  std::size_t depth = 0;  ///< jobs in the topic, those in flight included
};

struct LogEntry {
  LogPlace place;
  ConnectionId connection = ConnectionId::none;
  SharedBytes data = {};
  std::chrono::milliseconds age{0};  ///< since the append, by the engine's clock
  /// From 1 on. Counted by the engine: one more for each owner that read it, and for each again().
  unsigned attempt = 1;
  std::shared_ptr<const Death> death = {};
  /// More than 0: it rests, for so long still, and `attempt` is the one that comes then. That it
  /// was read counts for none; again() counts it when the rest is over.
  std::chrono::milliseconds rest{0};
};

struct Rest {
  LogPlace place;
  std::chrono::milliseconds time;
};

/// What a node has of a topic, as of a claim().
struct Holding {
  std::vector<unsigned> owned;  ///< partitions, ascending
  std::size_t contenders = 0;   ///< nodes that want partitions, this one too if it does
};

struct LogStatus {
  std::size_t items = 0, bytes = 0;     ///< jobs, those in flight included, and their data
  std::size_t in_flight = 0;            ///< of them, with an owner
  std::chrono::milliseconds oldest{0};  ///< age of the oldest job
};

/// What every engine is told.
struct LogOptions {
  std::string topic;
  NodeId me = NodeId::none;
  unsigned partitions = 16;  ///< the same on all nodes, 1 to 64
  std::size_t max_items = 2000, max_bytes = 64 << 20;
  std::chrono::milliseconds lease{10'000};  ///< a partition's, from a claim to its end
  bool is_required = true;                  ///< a node is not ready without it
};

/// The partitions that one of `contenders` nodes should have at most.
constexpr std::size_t fair_share(std::size_t partitions, std::size_t contenders) {
  return contenders == 0 ? partitions : (partitions + contenders - 1) / contenders;
}

class JobLog {
 public:
  virtual ~JobLog() = default;

  /// Bounds are checked in one step with the append. The caller has at most one append() to a
  /// partition under way: the next one comes when the answer of this one is there, or is the same
  /// one once more.
  virtual Task<Result<Appended>> append(unsigned partition, std::vector<NewJob> jobs) = 0;

  /// `wants`: this node has consumers. Renews the leases of what it owns; while it wants, takes
  /// partitions that nobody owns until it has its fair share. A node that has not said for a lease
  /// that it wants is no contender any more. Leases that ran out are lost only when another node
  /// has taken the partition.
  virtual Task<Result<Holding>> claim(bool wants) = 0;

  /// Gives a partition up before its lease ends. What is in flight of it the next owner finds
  /// first. `unseen` of it was never shown to a consumer: it does not count as an attempt. Fine
  /// when this node does not own it.
  virtual Task<Result<void>> release(unsigned partition, std::vector<std::uint64_t> unseen) = 0;

  /// Jobs of these partitions, in flight from now on: at most `max` over all, in the order of their
  /// sequence within each partition. First what an earlier owner had in flight, then what nobody
  /// has read. Waits up to `wait` until there is one. A partition that this node does not own gives
  /// nothing and is not waited for. At most one read() with `wait` is under way.
  virtual Task<Result<std::vector<LogEntry>>> read(std::vector<unsigned> partitions,
                                                   std::size_t max,
                                                   std::chrono::milliseconds wait) = 0;

  /// Ends the wait of a read() that is under way: other partitions are of interest now. An engine
  /// that cannot do so lets it end by itself.
  virtual void wake() {}

  /// These leave the topic; those that are gone already are fine. Errors: not_owner, when it does
  /// not own each of their partitions any more. Then nothing of those leaves; whether the others
  /// have left is open, so ask for each partition by itself.
  virtual Task<Result<void>> ack(std::vector<LogPlace> places) = 0;

  /// These failed and are tried again by this node, which still has them: counts one more attempt.
  /// They are not read once more. A rest is over with it.
  virtual Task<Result<void>> again(std::vector<LogPlace> places) = 0;

  /// These failed, and nobody shall get them for so long; this node still has them. Written down by
  /// the engine's clock: the next owner is told what is left. Errors: not_owner, as ack().
  virtual Task<Result<void>> rest(std::vector<Rest> rests) = 0;

  /// Nothing but an answer, or its error.
  virtual Task<Result<void>> ping() = 0;

  // --- for people; any node, whoever owns ---
  virtual Task<Result<LogStatus>> status() = 0;
  /// The oldest of each partition, about as many of each; at most `limit` in all. Changes nothing.
  /// Their `attempt` is how often they were read so far.
  virtual Task<Result<std::vector<LogEntry>>> peek(std::size_t limit) = 0;
  /// Takes them out, whatever their state. Gives how many there were.
  virtual Task<Result<std::size_t>> remove(std::vector<LogPlace> places) = 0;
  /// Takes all out, those in flight too. Gives how many there were.
  virtual Task<Result<std::size_t>> purge() = 0;

  virtual void set_limits(std::size_t max_items, std::size_t max_bytes) = 0;
  /// Whoever waits gets `stopped`, soon; nothing is asked any more. What it owns stays its own
  /// until the leases end: release() comes before.
  virtual void stop() = 0;
};

}  // namespace weft::queue
