// Lanes: the order in which messages are taken. Each target has a lane; a lane gives nothing while
// messages that it gave before have no answer. Values and times come from the caller: no clock, no
// I/O, one thread. All three message storages keep their rules here; they differ in where the
// messages survive.
#pragma once
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

class Lanes {
 public:
  struct Taken {
    std::vector<QueuedMessage> messages;
    std::vector<QueuedMessage> expired;  ///< gone from here; `why` is set
  };

  /// Messages have to come in their order. false = its id is here already.
  bool add(QueuedMessage message);
  /// Oldest first over all lanes that are free. `wall` decides what has expired.
  Taken take(std::size_t max, SteadyTime now, Time wall, Millis visibility);
  /// Takes it out, whatever its state.
  std::optional<QueuedMessage> remove(const std::string& id);
  /// Errors: not_found.
  Result<void> retry(const std::string& id, SteadyTime when);

  bool knows(const std::string& id) const { return orders_.contains(id); }
  /// null = it is not here. Good until the next call that changes something.
  const QueuedMessage* find(const std::string& id) const;
  /// The earliest time at which a claim or a delay ends.
  std::optional<SteadyTime> next_due() const;
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }  ///< about
  /// Those that came after the cursor's, oldest first; `of` = only those to one connection.
  Result<Page<QueuedMessage>> list(const Cursor& from, std::size_t limit,
                                   ConnectionId of = ConnectionId::none) const;

 private:
  using Order = std::uint64_t;  // in which they came, from 1 on
  struct Lane {
    std::set<Order> waiting;  // those that are delayed among them
    std::size_t claimed = 0;
    Order offered = 0;      // under which it stands in free_; 0 = it does not
    std::string user = {};  // with `to`, its key in lanes_
    ConnectionId to = ConnectionId::none;
  };
  enum class State : std::uint8_t { waiting, delayed, claimed };
  struct Entry {
    QueuedMessage message;
    Lane* lane;
    State state = State::waiting;
    SteadyTime until{};  // of a claim or a delay
  };
  using Target = std::pair<ConnectionId, std::string>;
  struct TargetHash {
    std::size_t operator()(const Target& target) const noexcept {
      return std::hash<ConnectionId>{}(target.first) ^ std::hash<std::string>{}(target.second);
    }
  };

  /// Brings what free_ says of the lane in line with the lane; forgets an empty one.
  void settle(Lane& lane);
  void set_state(Order order, Entry& entry, State state, SteadyTime until = {});
  void end_due(SteadyTime now);
  QueuedMessage erase(Order order);

  Order last_ = 0;
  std::size_t bytes_ = 0;
  std::map<Order, Entry> entries_;
  std::unordered_map<std::string, Order> orders_;  // by id
  std::unordered_map<Target, Lane, TargetHash> lanes_;
  std::map<Order, Lane*> free_;                 // by what is first in them
  std::set<std::pair<SteadyTime, Order>> due_;  // ends of claims and delays
};

}  // namespace weft::storage
