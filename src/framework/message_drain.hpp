// MessageDrain: takes messages out of their storage and hands them to the connections of this node,
// in order per target, at least once; what cannot arrive becomes a dead letter that says why.
//
// One coroutine takes batch after batch, sleeping in the storage until one comes. A target whose
// outbox is full leaves that coroutine: its messages are held here, tried again with back-off, and
// hold up nobody else; the storage gives no more of it meanwhile. Messages that were handed out are
// acknowledged when the storage answers, however long it was away, so an outage alone makes no
// duplicates; the end of the process does.
//
// Invariants: lives on one loop, shared with its coroutines; when stop() has called back, none of
// them runs any more.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "framework/orphans.hpp"
#include "framework/recipients.hpp"
#include "net/loop.hpp"

namespace weft::framework {

struct DrainSettings {
  std::size_t batch = 1000;       ///< messages taken at once, at most
  Millis visibility{30'000};      ///< of a message that was taken and has no answer
  Millis wait{1'000};             ///< of one take; no delivery waits for it
  unsigned max_attempts = 5;      ///< takes without any progress for its target
  std::size_t max_held = 20'000;  ///< messages for full outboxes, of all targets
  Millis orphans{10'000};         ///< how often what waits for lost nodes is looked for
};

class MessageDrain : public std::enable_shared_from_this<MessageDrain> {
 public:
  MessageDrain(net::Loop& loop, std::shared_ptr<MessageStorage> storage, Recipients& recipients,
               metrics::Registry& metrics, DrainSettings settings = {});

  /// On the loop.
  void start();
  /// Takes nothing more, gives back what is held, and calls `done`. On the loop, once.
  void stop(std::function<void()> done);

 private:
  using Self = std::shared_ptr<MessageDrain>;
  struct Dead {
    std::string id, why;
  };
  /// What a round of hand_out() leaves to say to the storage, and what has to wait.
  struct Sorted {
    std::vector<std::string> sent;
    std::vector<Dead> dead;
    std::vector<std::size_t> later;  ///< numbers of messages
  };

  void spawn(Task<void> work);
  void ended();

  static Task<void> run(Self self);
  Task<void> turn();
  Task<void> hand_out(std::vector<QueuedMessage> batch);
  Sorted sort(const std::vector<QueuedMessage>& messages, const std::vector<Outcome>& outcomes);
  void hold_or_give_back(std::vector<QueuedMessage> later, SteadyTime deadline);
  static Task<void> hold(Self self, std::vector<QueuedMessage> lane, SteadyTime deadline);
  static Task<void> give_back(Self self, std::vector<QueuedMessage> lane, Millis delay);
  void change_held(std::ptrdiff_t by);
  Task<void> end_hold(std::vector<QueuedMessage> left, bool any_progress);
  Task<void> settle(Sorted sorted);
  Task<void> measure();

  Task<void> pause(Millis time);
  /// After an error of the storage: false = we are stopping, leave it.
  Task<bool> wait_for_storage(error_code error);
  void storage_answered();

  net::Loop& loop_;
  const std::shared_ptr<MessageStorage>
      storage_;  // one that sleeps in take() when all is cut short
  Recipients& recipients_;
  const DrainSettings settings_;
  Orphans orphans_{settings_.orphans};

  std::size_t running_ = 0;  // coroutines
  std::size_t held_ = 0;     // messages
  bool stopping_ = false;
  std::function<void()> stopped_;
  std::list<boost::asio::steady_timer*> pauses_;
  SteadyTime away_since_{}, measured_{};
  Millis away_pause_{0};  // 0 = the storage is there

  metrics::Counter &delivered_, &retried_, &dead_gone_, &dead_expired_, &dead_stuck_, &dead_unread_;
  metrics::Histogram& lag_;
  metrics::Gauge &depth_, &held_gauge_;
};

}  // namespace weft::framework
