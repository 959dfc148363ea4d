#include "app/mesh_engines.hpp"

#include <stdexcept>

#include "broker/nats_broker.hpp"
#include "broker/redis_broker.hpp"
#include "cluster/nats_store.hpp"
#include "cluster/redis_store.hpp"

namespace weft {
namespace {

broker::BrokerOptions broker_options(const ClusterConfig& config, const std::string& name) {
  broker::BrokerOptions options;
  options.prefix = config.prefix;
  options.name = name;
  return options;
}

cluster::StoreOptions store_options(const ClusterConfig& config) {
  cluster::StoreOptions options;
  options.prefix = config.prefix;
  options.lease = config.lease;
  return options;
}

MeshEngines redis_engines(net::Loop& loop, const ClusterConfig& config, const std::string& name) {
  const redis::RedisOptions redis = cluster_redis(config);
  MeshEngines engines;
  engines.broker = std::make_unique<broker::RedisBroker>(loop, redis, broker_options(config, name));
  engines.store = std::make_shared<cluster::RedisStore>(loop, redis, store_options(config));
  return engines;
}

MeshEngines nats_engines(net::Loop& loop, const ClusterConfig& config, const std::string& name) {
  const nats::NatsOptions nats = cluster_nats(config);
  MeshEngines engines;
  engines.broker = std::make_unique<broker::NatsBroker>(loop, nats, broker_options(config, name));
  engines.store = std::make_shared<cluster::NatsStore>(loop, nats, store_options(config));
  return engines;
}

}  // namespace

redis::RedisOptions cluster_redis(const ClusterConfig& config) {
  auto redis = redis::parse_url(config.url);
  if (!redis)
    throw std::runtime_error(
        "cluster.url must be redis://user:password@host:port/db, or redis+sentinel://host:port,"
        "host:port/master/db; rediss for TLS");
  if (!config.password.empty()) redis->password = config.password;
  redis->ca_file = config.certificates;
  return *redis;
}

nats::NatsOptions cluster_nats(const ClusterConfig& config) {
  auto nats = nats::parse_url(config.url);
  if (!nats)
    throw std::runtime_error(
        "cluster.url must be nats://user:password@host:port,host:port, nats://token@host, or "
        "tls://…");
  if (!config.password.empty()) nats->password = config.password;
  if (!config.token.empty()) nats->token = config.token;
  nats->credentials_file = config.credentials;
  nats->ca_file = config.certificates;
  return *nats;
}

MeshEngines make_mesh_engines(net::Loop& loop, const ClusterConfig& config,
                              const std::string& name) {
  const bool is_redis = config.url.starts_with("redis");
  return is_redis ? redis_engines(loop, config, name) : nats_engines(loop, config, name);
}

}  // namespace weft
