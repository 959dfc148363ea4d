// The mesh over a real redis-server.
#include "broker/redis_broker.hpp"
#include "cluster/mesh_contract.hpp"
#include "cluster/redis_store.hpp"
#include "driver/redis/test_server.hpp"

namespace weft::cluster {
namespace {

using redis::TestServer;

MeshParts make_parts(net::Loop& loop, const std::string& prefix, const std::string& name,
                     Millis lease) {
  if (!TestServer::is_installed()) return {};
  static TestServer server;
  redis::RedisOptions redis;
  redis.port = server.port();
  broker::BrokerOptions bus{.prefix = prefix, .name = name};
  StoreOptions store{.prefix = prefix, .lease = lease};
  return {std::make_unique<broker::RedisBroker>(loop, redis, bus),
          std::make_shared<RedisStore>(loop, redis, store)};
}

INSTANTIATE_TEST_SUITE_P(Redis, MeshContract, testing::Values(MeshEngine{"redis", make_parts}));

}  // namespace
}  // namespace weft::cluster
