// What a topic is in JetStream, as values: the messages of its jobs, and the records that say who
// owns which partition and what is in flight. Pure functions.
//
//   <prefix>.q.<topic>.<partition>   a job; all of them are in the stream <prefix>_Q_<topic>
//   bucket <prefix>_Q_<topic>:
//     live.node.<id>                 "<wants> <lease ms>", stored anew by every claim
//     live.owners                    a node id or "-" for each partition
//     inflight.<partition>           "<sequence>:<attempts> …", by its owner, and
//                                    "<sequence>+<ms>" of those that rest, for so long from when
//                                    this was stored
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "driver/nats/bucket.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

/// What stands in a record of a job: `attempts` that began; it rests until `due`, by our clock.
struct Flight {
  unsigned attempts = 0;
  SteadyTime due = {};
  bool operator==(const Flight&) const = default;
};
/// By sequence.
using InFlight = std::map<std::uint64_t, Flight>;
std::string text_of(const InFlight& in_flight, SteadyTime now);
/// `stored`: when it was, by our clock. Passes over what is none.
InFlight parse_in_flight(std::string_view text, SteadyTime stored);

/// Makes a message of a job. `id` is what the server knows it by for a while.
nats::Request message_of(std::string subject, const NewJob& job, std::string id);
/// The job in an answer to DIRECT.GET, without its place; nullopt when somebody else made it.
struct StoredJob {
  LogEntry entry;
  std::uint64_t sequence = 0;
  std::int64_t stored_ns = 0;
};
std::optional<StoredJob> parse_job(const nats::Message& message);

/// Of a stored message, beside the job's data. The same for all jobs of a topic, but for dead
/// letters, which count for a little more.
std::size_t overhead(std::string_view subject, std::string_view id);

/// The copy of a topic's bucket.
class TopicLedger final : public nats::BucketCopy {
 public:
  explicit TopicLedger(unsigned partitions) : partitions_(partitions) { on_begin(); }

  void on_begin() override;
  void on_stored(std::string_view key, std::uint64_t sequence, std::int64_t stored_ns,
                 std::string_view text) override;
  void on_gone(std::string_view key) override;

  NodeId owner(unsigned partition) const { return owners_[partition]; }
  const std::vector<NodeId>& owners() const { return owners_; }
  std::uint64_t owners_sequence() const { return owners_sequence_; }
  std::size_t contenders() const;
  /// It has not claimed for the time of its lease.
  bool is_expired(NodeId node) const;
  /// One that has not claimed for so long, on top of its lease, that it will not come back.
  std::optional<NodeId> forgotten(std::chrono::milliseconds after) const;
  /// By the server's clock, as far as it was told: the newest message, and the time since it came.
  std::int64_t now_ns() const;
  std::chrono::milliseconds age_of(std::int64_t stored_ns) const;

 private:
  struct Node {
    bool wants = false;
    std::chrono::milliseconds lease{0};
    std::uint64_t sequence = 0;
    std::int64_t stored_ns = 0;
  };
  const unsigned partitions_;
  std::map<NodeId, Node> nodes_;
  std::vector<NodeId> owners_;
  std::uint64_t owners_sequence_ = 0;
  std::int64_t newest_ns_ = 0;
  std::chrono::steady_clock::time_point came_;
};

std::string node_key(NodeId node);
std::string node_text(bool wants, std::chrono::milliseconds lease);
std::string owners_text(const std::vector<NodeId>& owners);
std::string in_flight_key(unsigned partition);
constexpr std::string_view kOwnersKey = "live.owners";

}  // namespace weft::queue
