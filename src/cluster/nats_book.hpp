// NatsBook: one node's copy of what the nodes have agreed on over NATS, message by message as the
// server stored them, and the rules that follow from it. Pure: asks nobody. Times are those of the
// server, in nanoseconds; `now` is that of the newest message.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/node_store.hpp"

namespace weft::cluster {

/// What stands under node.<id>. Its message is the lease: the time it was stored is the last beat.
struct NodeRecord {
  enum class State : std::uint8_t { gone, live, claimed, resting } state = State::gone;
  unsigned slot = 0;
  std::chrono::milliseconds span{0};  ///< the lease, the claimer's patience, or the slot's rest
  NodeId claimer = NodeId::none;
  std::chrono::milliseconds silent{0};  ///< of a claimed one: before it was claimed
  std::string info;

  // Of the message, not in its text.
  std::uint64_t sequence = 0;
  std::int64_t stored_ns = 0;
};
std::string text_of(const NodeRecord& record);
/// nullopt unless it is what text_of() writes.
std::optional<NodeRecord> parse_record(std::string_view text);

/// What stands under slot.<n>: who took it last. Whether it is his still, his record says.
struct SlotRecord {
  NodeId holder = NodeId::none;
  std::uint64_t sequence = 0;
  std::int64_t stored_ns = 0;
};

class NatsBook {
 public:
  /// A message as it is stored. Older ones than what is known are passed over, strange ones too.
  void apply(std::string_view key, std::uint64_t sequence, std::int64_t stored_ns,
             std::string_view text);
  /// The server has nothing under this key.
  void forget(std::string_view key);

  /// nullptr when nothing is known of it, or it left.
  const NodeRecord* find(NodeId id) const;
  const std::map<NodeId, NodeRecord>& nodes() const { return nodes_; }
  /// 0 = nothing is stored there yet.
  std::uint64_t sequence_of(NodeId id) const;
  std::uint64_t sequence_of_slot(unsigned slot) const;
  NodeId holder_of(unsigned slot) const;

  std::int64_t now_ns() const { return now_ns_; }
  std::chrono::milliseconds since(std::int64_t then_ns) const;
  bool is_over(const NodeRecord& record) const { return since(record.stored_ns) >= record.span; }

  /// As NodeStore::join() says.
  Result<unsigned> choose(std::optional<unsigned> slot, NodeId who) const;
  std::vector<NodeEntry> entries() const;
  /// Somebody who is gone for so long that nobody needs his record any more.
  std::optional<NodeId> forgotten(std::chrono::milliseconds after) const;

 private:
  bool is_free(unsigned slot, NodeId who) const;

  std::map<NodeId, NodeRecord> nodes_;
  std::map<unsigned, SlotRecord> slots_;
  std::int64_t now_ns_ = 0;
};

std::string key_of(NodeId id);         ///< live.node.<id>
std::string key_of_slot(unsigned at);  ///< live.slot.<n>

}  // namespace weft::cluster
