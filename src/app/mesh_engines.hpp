// Which broker and store cluster.url means.
#pragma once
#include <memory>
#include <string>

#include "app/config.hpp"
#include "broker/broker.hpp"
#include "cluster/node_store.hpp"
#include "driver/nats/client.hpp"
#include "driver/redis/client.hpp"
#include "net/loop.hpp"

namespace weft {

struct MeshEngines {
  std::unique_ptr<broker::Broker> broker;
  std::shared_ptr<cluster::NodeStore> store;
};

/// On the loop they shall live on. `name`: of this node, for the broker's lists. Throws
/// std::runtime_error for a URL that cannot be.
MeshEngines make_mesh_engines(net::Loop& loop, const ClusterConfig& config,
                              const std::string& name);

/// The server that cluster.url names. Throws std::runtime_error for a URL that cannot be.
redis::RedisOptions cluster_redis(const ClusterConfig& config);
nats::NatsOptions cluster_nats(const ClusterConfig& config);

}  // namespace weft
