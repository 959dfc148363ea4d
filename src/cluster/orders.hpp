// Orders: what was asked of other nodes and waits for their replies, each with a deadline. Whoever
// asked is told exactly once, with the nodes that did not answer by name. One loop.
#pragma once
#include <deque>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/node_id.hpp"
#include "wire/mesh/envelope.hpp"

namespace weft::cluster {

/// One reply of those that were asked.
using OnReply = std::function<void(NodeId from, const mesh::Envelope& reply)>;
/// All have answered, or will not: `unreachable`.
using OnEnd = std::function<void(std::span<const NodeId> unreachable)>;

class Orders {
 public:
  explicit Orders(Millis patience) : patience_(patience) {}

  /// The number that goes with the envelope to `asked`; OnEnd runs later, or now when nobody is
  /// asked.
  std::uint64_t open(std::vector<NodeId> asked, SteadyTime now, OnReply on_reply, OnEnd on_end);
  /// What nobody waits for (any more) is ignored.
  void on_reply(NodeId from, const mesh::Envelope& reply);
  /// It will not answer this one.
  void fail(std::uint64_t order, NodeId node);
  /// It will not answer any more.
  void forget(NodeId node);
  void expire(SteadyTime now);
  /// Everybody is told now.
  void end_all();

  std::size_t waiting() const { return open_.size(); }

 private:
  struct Open {
    std::vector<NodeId> missing, unreachable;
    OnReply on_reply;
    OnEnd on_end;
  };
  using Place = std::unordered_map<std::uint64_t, Open>::iterator;
  void end_if_done(Place place);
  void end(Place place);

  Millis patience_;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, Open> open_;
  std::deque<std::pair<SteadyTime, std::uint64_t>> deadlines_;  // in order: all have one patience
};

}  // namespace weft::cluster
