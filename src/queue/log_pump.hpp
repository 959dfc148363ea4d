// LogPump: between a log and the consumers of this node. Owns partitions of the log as long as
// there are consumers, gives up what is above this node's share, and reads what the consumers have
// room for; what became of it the log hears from log_teller.hpp. On the log's loop.
//
// A job is given to consumers only while its partition's lease holds by this node's own clock,
// which is earlier than the engine lets another node have it.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "net/doorbell.hpp"
#include "net/loop.hpp"
#include "queue/job_log.hpp"
#include "queue/log_teller.hpp"

namespace weft::queue {

/// Jobs of a partition that are not dealt any more.
struct GivenBack {
  std::vector<std::uint64_t> unseen = {};  ///< by any consumer, in the attempt that was counted
  std::size_t resting = 0;
};

/// Who deals the jobs.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual bool has_consumers_now() const = 0;
  virtual std::size_t room() const = 0;  ///< so many jobs more would be dealt soon
  virtual void on_entries(std::vector<LogEntry> entries,
                          const std::vector<std::shared_ptr<Lease>>& leases) = 0;
  /// All of this partition that no consumer has.
  virtual GivenBack take_back_from(unsigned partition) = 0;
  /// The partition belongs to somebody else: consumers may not settle what they have of it.
  virtual void revoke_from(unsigned partition) = 0;
};

class LogPump : public std::enable_shared_from_this<LogPump> {
 public:
  using Done = LogTeller::Done;

  LogPump(net::Loop& home, std::shared_ptr<JobLog> log, const LogOptions& options);

  void start(LogSink& sink);
  /// Consumers came or left, or have room: looks again.
  void look();
  /// It takes no more and lets go what it has, as soon as it is settled.
  void begin_drain();
  /// Lets go everything, stops the log; the sink is not used any more when `done` is called.
  void stop(std::function<void()> done);
  /// The same at once, for a loop that does not run any more.
  void detach();

  /// The job leaves the log; it is dealt again after `time`; it is dealt again now. `done` as in
  /// LogTeller::Word.
  void finish(LogPlace place, net::Loop* from, Done done);
  void rest(LogPlace place, Millis time, net::Loop* from, Done done);
  void again(LogPlace place) { teller_->again(place); }
  /// It is gone from the log already.
  void drop(LogPlace place) { count_out(parts_[place.partition], 1); }

  /// Jobs that were read and are not finished, and what the log was not told yet. Any thread.
  std::size_t open() const { return open_.load(std::memory_order_relaxed); }
  bool is_stopping() const { return stopping_; }

 private:
  using Self = std::shared_ptr<LogPump>;
  struct Part {
    bool is_owned = false, is_leaving = false;
    bool must_release = false;  ///< its lease ran out here: nothing is read before it is taken anew
    std::shared_ptr<Lease> lease = {};
    std::size_t in_flight = 0;               ///< as open(), of this partition
    std::vector<std::uint64_t> unseen = {};  ///< given back, to be released
    bool has_given_back = false;             ///< jobs that are in flight here and nobody has
  };

  static Task<void> own(Self self);
  static Task<void> let_go(Self self);
  static Task<void> read(Self self);
  static Task<void> read_first(Self self, std::vector<unsigned> partitions);
  static Task<void> end(Self self, std::function<void()> done);
  template <class Work>
  void spawn(Work work);

  void adopt(const Holding& holding, SteadyTime asked);
  void choose_leaving(std::size_t share);
  void leave(Part& part, unsigned number);
  void lose(Part& part, unsigned number);
  void fence();
  void take(std::vector<LogEntry> entries);
  void count_in(Part& part, std::size_t jobs);
  void count_out(Part& part, std::size_t jobs);
  void told(LogPlace place, const LogTeller::LeasePtr& lease);
  bool wants() const;
  Millis interval(const Holding& holding) const;
  std::vector<unsigned> readable() const;

  net::Loop& home_;
  const std::shared_ptr<JobLog> log_;
  const std::shared_ptr<LogTeller> teller_;
  const Millis lease_;
  LogSink* sink_ = nullptr;
  std::vector<Part> parts_;
  std::vector<std::shared_ptr<Lease>> leases_;  // by partition
  Holding holding_;
  net::Doorbell changed_, room_, ended_;
  std::size_t running_ = 0;
  std::atomic<std::size_t> open_{0};
  bool draining_ = false, stopping_ = false, had_consumers_ = false;
};

}  // namespace weft::queue
