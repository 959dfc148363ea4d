// MemoryStore: what nodes of one process agree on, and so of tests: the clock is handed in, and a
// store can be told to fail as a server that is away does.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "cluster/node_store.hpp"

namespace weft::cluster {

/// What the stores of one process have in common. They may live on several loops: a mutex is held
/// for the few map operations of a call. Any thread.
class MemoryAgreement {
 public:
  using Clock = std::function<SteadyTime()>;
  explicit MemoryAgreement(Clock clock = std::chrono::steady_clock::now)
      : clock_(std::move(clock)) {}

  /// For tests: as a server that lost its memory.
  void forget();

 private:
  friend class MemoryStore;
  struct Node {
    unsigned slot = 0;
    std::string info;
    SteadyTime last_beat{}, until{};   ///< of the lease
    NodeId claimed_by = NodeId::none;  ///< from then on it is dead
    SteadyTime claimed_until{};
    std::map<std::string, std::string> kept;
  };
  struct Rest {
    NodeId of = NodeId::none;
    SteadyTime until{};
  };
  /// Of one application.
  struct Book {
    std::map<NodeId, Node> nodes;
    std::map<unsigned, Rest> resting;

    Node* leased(NodeId id);  ///< null when it has no lease, or somebody has claimed it
    StoreErrc why_lost(NodeId id, SteadyTime now) const;
    Result<unsigned> choose(std::optional<unsigned> slot, NodeId who, SteadyTime now) const;
  };

  std::mutex mutex_;
  const Clock clock_;
  std::map<std::string, Book> books_;  // by prefix
};

class MemoryStore final : public NodeStore {
 public:
  MemoryStore(std::shared_ptr<MemoryAgreement> agreement, StoreOptions options);
  ~MemoryStore() override { stop(); }

  /// For tests: every call fails so from now on; with `timed_out` after it was carried out.
  void fail(StoreErrc how);
  void work_again();

  Task<Result<unsigned>> join(NodeId me, std::optional<unsigned> slot, std::string info) override;
  Task<Result<std::vector<NodeEntry>>> beat(NodeId me, std::string info) override;
  Task<Result<void>> leave(NodeId me) override;
  Task<Result<void>> keep(NodeId me, std::vector<KeptChange> changes) override;
  Task<Result<bool>> keeps(NodeId node, std::string key) override;
  Task<Result<bool>> claim(NodeId dead, NodeId me, std::chrono::milliseconds patience) override;
  Task<Result<std::vector<Kept>>> kept(NodeId dead, std::size_t limit) override;
  Task<Result<void>> drop(NodeId dead, std::vector<std::string> keys) override;
  Task<Result<void>> bury(NodeId dead) override;
  void stop() override;

 private:
  using Book = MemoryAgreement::Book;
  using Node = MemoryAgreement::Node;
  struct Access;
  template <class T, class Work>
  static Task<Result<T>> carry_out(std::shared_ptr<Access> access, Work work);

  std::shared_ptr<Access> access_;
};

}  // namespace weft::cluster
