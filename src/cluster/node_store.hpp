// NodeStore: what the nodes of a cluster agree on, kept by the broker's server: who lives, who has
// which slot, and what a node leaves behind when it dies. Time is the server's alone, so clocks of
// nodes may be wrong. Engines: memory_store (nodes of one process), redis_store, nats_store;
// node_store_contract.hpp is what all of them pass.
//
// Lives on one loop. Every call may fail with `unavailable` or `timed_out`: then it may have been
// carried out or not, and may be repeated.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/node_id.hpp"
#include "weft/result.hpp"
#include "weft/task.hpp"

namespace weft::cluster {

enum class StoreErrc {
  unavailable = 1,  ///< no connection, or the server refused: the log says what
  timed_out,        ///< it may have been carried out
  slot_taken,       ///< the slot that was asked for belongs to another node, or rests
  no_free_slot,     ///< all 4096 are taken, or rest
  lease_lost,       ///< the server does not know this node (any more)
  buried            ///< others have declared this node dead: they tell what it leaves behind
};
error_code make_error_code(StoreErrc error);

struct NodeEntry {
  NodeId id = NodeId::none;
  unsigned slot = 0;
  std::string info;  ///< JSON, as its last beat told it
  /// Its lease runs. false: it has expired by the server's clock and somebody should claim() it.
  bool alive = true;
  std::chrono::milliseconds since_beat{0};  ///< by the server's clock
};

/// Something that others have to hear of when the node dies: a user's connection, a presence.
struct Kept {
  std::string key;    ///< at most 512 bytes, any but NUL
  std::string value;  ///< at most 64 KiB
};
struct KeptChange {
  std::string key;
  std::optional<std::string> value;  ///< nullopt = it is gone
};

/// What every engine is told.
struct StoreOptions {
  std::string prefix;                       ///< of every key: keeps applications apart
  std::chrono::milliseconds lease{10'000};  ///< from a beat to the death
  std::chrono::milliseconds rest{60'000};   ///< a dead node's slot stays empty for so long
};

class NodeStore {
 public:
  static constexpr unsigned kSlots = 4096;

  virtual ~NodeStore() = default;

  /// Takes a lease and gives the slot. `slot`: this one or none; nullopt = the lowest one that is
  /// free and does not rest. A node that comes back with its own id finds its slot free while it
  /// rests; while somebody tells what it left behind it has to wait. It begins with nothing kept.
  /// Errors: slot_taken, no_free_slot.
  virtual Task<Result<unsigned>> join(NodeId me, std::optional<unsigned> slot,
                                      std::string info) = 0;

  /// Renews the lease and lists every node that has one, this one too, and those whose lease has
  /// expired and who are not buried yet. Cheap: one or two operations of the server. Errors:
  /// `buried` when somebody has claimed it, or buried it and its slot still rests; `lease_lost`
  /// when the server knows nothing of it. An expired lease that nobody has claimed is renewed.
  virtual Task<Result<std::vector<NodeEntry>>> beat(NodeId me, std::string info) = 0;

  /// Ends the lease: its slot is free at once, what it kept is dropped. Fine when it has none, or
  /// was claimed: then the others go on burying it.
  virtual Task<Result<void>> leave(NodeId me) = 0;

  /// All of the changes, in their order. Errors: buried, lease_lost.
  virtual Task<Result<void>> keep(NodeId me, std::vector<KeptChange> changes) = 0;
  /// Whether `node`, alive or dead, keeps something under this key.
  virtual Task<Result<bool>> keeps(NodeId node, std::string key) = 0;

  // --- a node is dead: one of the others tells what it leaves behind, then buries it ---
  // drop() and bury() do nothing to a node that has joined again meanwhile, or is not known.
  /// true for exactly one caller until bury(), or until `patience` has passed without one: then
  /// another may claim it. The same caller may claim again, which prolongs. false also when the
  /// node lives or is not known (any more).
  virtual Task<Result<bool>> claim(NodeId dead, NodeId me, std::chrono::milliseconds patience) = 0;
  /// At most `limit` of what it kept, in any order.
  virtual Task<Result<std::vector<Kept>>> kept(NodeId dead, std::size_t limit) = 0;
  /// These were told to everybody.
  virtual Task<Result<void>> drop(NodeId dead, std::vector<std::string> keys) = 0;
  /// Its entry goes with all that it kept, its slot begins to rest.
  virtual Task<Result<void>> bury(NodeId dead) = 0;

  /// Whoever waits gets `unavailable`, soon; nothing is asked any more.
  virtual void stop() = 0;
};

}  // namespace weft::cluster

template <>
struct boost::system::is_error_code_enum<weft::cluster::StoreErrc> : std::true_type {};
