// One topic as its consumers meet it: which of them gets which job, what became of it there, and
// when it is tried again. Everything happens on the topic's home loop. Where the jobs are kept is
// for those who derive from it: memory_topic.hpp, log_topic.hpp.
//
//   added -> waiting (no consumer yet, or no connection) -> a slot's line -> handed -> unacked ->
//   gone
//                                                                          (taken)   (acked)
//
// A connection is bound to one slot (consumer) and all its jobs go through that slot's line, in
// order. Of an ordered topic only one of them does at a time: turns.hpp.
#pragma once
#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "queue/feeds.hpp"
#include "queue/queue.hpp"
#include "queue/turns.hpp"

namespace weft::queue {

/// What topics share.
struct TopicRules {
  metrics::Registry& metrics;
  SteadyTime (*now)();  ///< stamps jobs
  /// A connection without jobs for this long may get another consumer.
  Millis forget_after;
};

/// Takes a job to the dead letters of another topic; `done` runs on the home loop of the one it is
/// in, perhaps during the call.
using Bury =
    std::function<void(const std::string& topic, const Job& job, std::string why, Pushed done)>;

class Topic {
 public:
  /// `number`: the low bits of its jobs' ids.
  Topic(const TopicRules& rules, unsigned number, std::string name, net::Loop& home,
        TopicLimits limits);
  virtual ~Topic();

  const std::string& name() const { return name_; }
  unsigned number() const { return number_; }
  net::Loop& home() { return home_; }

  // --- any thread ---
  /// nullopt: push_later() has to be asked.
  virtual std::optional<Result<std::size_t>> push_now(ConnectionId from, SharedBytes& data) = 0;
  virtual bool waits() const = 0;
  /// `done` runs on `loop`. Pushes of one thread are stored in the order of the calls.
  virtual void push_later(net::Loop& loop, ConnectionId from, SharedBytes data,
                          std::shared_ptr<const Death> death, Pushed done) = 0;
  virtual void set_limits(TopicLimits limits);
  /// Nothing is left that has to be brought to somebody before this process ends.
  virtual bool is_drained() const = 0;
  /// Its engine answers, or nobody minds.
  virtual bool is_ready() const { return true; }
  bool has_consumers() const { return consumers_.load(std::memory_order_relaxed) != 0; }

  // --- home loop ---
  virtual void start();
  /// The process will end: what others can do is left to them.
  virtual void begin_drain() = 0;
  /// Nothing of it runs any more when `done` is called.
  virtual void stop(std::function<void()> done) = 0;
  void join(ConsumerId id, Feeds& feeds, ConsumeOptions options);
  void leave(ConsumerId id);
  void on_report(ConsumerId id, Report report, Feeds& from);
  /// `done` is called on the home loop, perhaps during the call; so for those that follow.
  virtual void status(std::function<void(TopicStatus)> done) = 0;
  virtual void peek(std::size_t limit, std::function<void(Result<std::vector<Job>>)> done) = 0;
  /// Jobs that peek() gave. Gives how many were still there.
  virtual void remove(std::vector<std::uint64_t> jobs,
                      std::function<void(Result<std::size_t>)> done) = 0;
  virtual void purge(std::function<void(Result<std::size_t>)> done) = 0;

 protected:
  struct Slot;
  /// Which consumer a connection's jobs go to. Stands in its slot's list, least recently used
  /// first.
  struct Binding {
    ConnectionId connection;
    Slot* slot;
    std::size_t outstanding = 0;  ///< jobs on their way through the slot
    SteadyTime last_used;
  };
  using Bindings = std::list<Binding>;
  struct Entry {
    JobPtr job;
    Binding* binding = nullptr;  ///< nullptr: no connection, or not placed yet
    bool revoked = false;        ///< handed over, but not ours any more
  };
  struct Unacked;
  struct Delayed;
  struct Counters {
    Counters(metrics::Registry& registry, const std::string& topic);
    metrics::Gauge &items, &bytes, &unacked, &consumers, &oldest;
    metrics::Counter &pushed, &delivered, &acked, &redelivered, &dead, &refused;
  };
  using Done = std::function<void(error_code)>;

  // What becomes of jobs, for who keeps them.
  /// It was acknowledged, or taken by a consumer that does not acknowledge. `done`, where there is
  /// one, is answered after this unless it is moved away: then it has to be called on `from`.
  virtual void gone(const Job& job, net::Loop* from, Done& done) = 0;
  /// An attempt failed: `job` is the next one, and it comes now.
  virtual void tried_again(const Job& job) = 0;
  /// The same, but it comes after `delay`; then tried_again() follows. `done` as with gone().
  virtual void rests(const Job& job, Millis delay, net::Loop& from, Done& done) = 0;
  /// The last attempt failed.
  virtual void died(const JobPtr& job, std::string why) = 0;
  /// Consumers may have more room than before, or other consumers are there.
  virtual void dealt() = 0;
  virtual void count() = 0;    ///< sets the gauges that are cheap
  virtual void on_tick() = 0;  ///< every second

  /// A job came: it stands in line behind what is there, once it is its turn and `due` has come.
  /// deal() follows.
  void add(JobPtr job, SteadyTime due = {});
  void deal();
  void show();
  /// All that no consumer has.
  template <class Visit>
  void each_unseen(Visit visit) const;
  /// Takes out the jobs for which `is_meant`: those in line and those that wait for their turn,
  /// that no consumer has seen in their present attempt.
  template <class Meant>
  std::vector<JobPtr> take_back(Meant is_meant);
  /// The same with those that rest.
  template <class Meant>
  std::vector<JobPtr> take_resting(Meant is_meant);
  /// The same for those that consumers have, after these two: they may not settle them any more.
  template <class Meant>
  void revoke(Meant is_meant);
  /// Jobs that all consumers together take before they have settled any.
  std::size_t window() const;
  std::size_t unacked() const;
  Millis oldest() const;
  TopicStatus counted() const;

  const TopicRules rules_;
  const unsigned number_;
  const std::string name_;
  net::Loop& home_;
  TopicLimits limits_;  // as the home loop knows them
  Counters counters_;

 private:
  void begin(JobPtr job, SteadyTime due);
  void rest(JobPtr job, Millis delay);
  void turn_is_over(const Job& job);
  void place(Entry entry, bool first, const Slot* avoid = nullptr);
  Slot& least_bound(const Slot* avoid);
  Binding& bind(ConnectionId connection, const Slot* avoid);
  void hand_over(Slot& slot, Entry entry);
  void taken(Slot& slot);
  error_code settle(Slot& slot, Settlement& settlement, net::Loop& from);
  void failed(Entry entry, Settlement& settlement, net::Loop& from);
  void bury(const JobPtr& job, std::string_view why);
  void expired(Unacked& unacked);
  void woken(Delayed& delayed);
  JobPtr next_attempt(Entry entry, std::string_view why, const Slot* avoid);
  void retry(Entry entry, std::string_view why, const Slot* avoid);
  void unbind(Entry& entry);
  void forget_idle();
  void tick();

  std::atomic<std::size_t> consumers_{0};

 protected:
  std::vector<std::unique_ptr<Slot>> slots_;
  std::deque<Entry> waiting_;
  std::map<std::uint64_t, std::unique_ptr<Delayed>> delayed_;  // by job
  Turns turns_;

 private:
  std::unordered_map<ConnectionId, Bindings::iterator> bindings_;
  net::CallbackTimer tick_timer_{[this] { tick(); }};
};

}  // namespace weft::queue
