// RedisStore: what nodes agree on, in Redis: one server, or a master that Sentinel watches. Every
// call is one script, so it happens at one moment of the server's clock; keys are named in
// redis_store_scripts.hpp. Needs Redis 6.2 or newer, and a user with +eval, +evalsha, +time, the
// commands on hashes, +del and the keys `<prefix>:*`.
//
// A server that has forgotten everything makes beat() answer lease_lost: the node joins again.
#pragma once
#include <memory>

#include "cluster/node_store.hpp"
#include "driver/redis/client.hpp"

namespace weft::cluster {

class RedisStore final : public NodeStore {
 public:
  /// Lives on `loop`. Of `redis`, waits are shortened here: a beat that comes late is of no use.
  RedisStore(net::Loop& loop, redis::RedisOptions redis, StoreOptions options);
  ~RedisStore() override { stop(); }

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
  class Door;  // calls under way share it: the store may go meanwhile
  std::shared_ptr<Door> door_;
};

}  // namespace weft::cluster
