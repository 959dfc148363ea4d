// NatsStore: what the nodes agree on, in a bucket of JetStream's key-value store
// (driver/nats/bucket.hpp).
//
//   live.node.<id>           the lease: "live <slot> <lease> …", stored anew by every beat
//   live.slot.<n>            who took this slot last
//   live.clock               a message for the time of its storing
//   kept.<id>.k<base64 key>  what a node keeps
//
// Every change of a node's record is a compare-and-set, so a beat and a claim cannot both succeed,
// and neither can two claims. A buried node's record says "resting" for as long as its slot does.
// Time is that of the server's messages; a beat costs the server one message to store and one to
// deliver for every node.
#pragma once
#include "cluster/node_store.hpp"
#include "driver/nats/client.hpp"

namespace weft::cluster {

class NatsAgreement;

class NatsStore final : public NodeStore {
 public:
  NatsStore(net::Loop& loop, nats::NatsOptions server, StoreOptions options);
  ~NatsStore() override { stop(); }

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
  const StoreOptions options_;
  const std::shared_ptr<NatsAgreement> agreement_;
};

}  // namespace weft::cluster
