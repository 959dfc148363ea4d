// One topic. Pushing is for any thread and takes no lock; everything else happens on the topic's
// home loop, which decides who gets which job:
//
//   push -> inbox -> waiting (no consumer yet, or no connection) -> a slot's line -> handed ->
//   unacked -> gone
//                                                                                   (taken) (acked)
//
// A connection is bound to one slot (consumer) and all its jobs go through that slot's line, in
// order.
#pragma once
#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.hpp"
#include "net/loop.hpp"
#include "queue/feeds.hpp"
#include "queue/queue.hpp"

namespace weft::queue {

class MemoryQueue;

class Topic {
 public:
  Topic(MemoryQueue& queue, unsigned number, std::string name, net::Loop& home, TopicLimits limits);
  ~Topic();

  const std::string& name() const { return name_; }
  unsigned number() const { return number_; }
  net::Loop& home() { return home_; }

  // --- any thread ---
  Result<std::size_t> push(ConnectionId from, SharedBytes data,
                           std::shared_ptr<const Death> death = {});
  void set_limits(TopicLimits limits);
  std::size_t items() const { return items_.load(std::memory_order_relaxed); }
  bool has_consumers() const { return consumers_.load(std::memory_order_relaxed) != 0; }

  // --- home loop ---
  void start();
  void join(ConsumerId id, Feeds& feeds, ConsumeOptions options);
  void leave(ConsumerId id);
  void on_report(ConsumerId id, Report report, Feeds& from);
  TopicStatus status() const;

 private:
  struct Slot;
  struct Arrival {
    JobPtr job;
    Arrival* next;
  };
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
  };
  struct Unacked;
  struct Delayed;
  struct Counters {
    Counters(metrics::Registry& registry, const std::string& topic);
    metrics::Gauge &items, &bytes, &unacked, &consumers, &oldest;
    metrics::Counter &pushed, &delivered, &acked, &redelivered, &dead, &refused;
  };

  void take_inbox();
  void place(Entry entry, bool first, const Slot* avoid = nullptr);
  Slot& least_bound(const Slot* avoid);
  Binding& bind(ConnectionId connection, const Slot* avoid);
  void deal();
  void hand_over(Slot& slot, Entry entry);
  void taken(Slot& slot);
  error_code settle(Slot& slot, const Settlement& settlement);
  void expired(Unacked& unacked);
  void woken(Delayed& delayed);
  void retry(Entry entry, std::string_view why, Millis delay, const Slot* avoid);
  void die(const Job& job, std::string why);
  void finish(const Entry& entry);
  void unbind(Entry& entry);
  void forget_idle();
  void tick();
  void show();
  std::size_t unacked() const;
  Millis oldest() const;

  MemoryQueue& queue_;
  const unsigned number_;
  const std::string name_;
  net::Loop& home_;

  std::atomic<std::size_t> max_items_, max_bytes_, items_{0}, bytes_{0}, consumers_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<Arrival*> inbox_{nullptr};  // newest first

  TopicLimits limits_;  // as the home loop knows them
  Counters counters_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::unordered_map<ConnectionId, Bindings::iterator> bindings_;
  std::deque<Entry> waiting_;
  std::map<std::uint64_t, std::unique_ptr<Delayed>> delayed_;  // by job
  net::CallbackTimer tick_timer_{[this] { tick(); }};
  std::uint64_t refused_shown_ = 0;
};

}  // namespace weft::queue
