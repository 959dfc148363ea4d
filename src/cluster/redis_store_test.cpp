// The Redis engine against a real redis-server: the contract.
#include "cluster/redis_store.hpp"

#include "base/log.hpp"
#include "cluster/node_store_contract.hpp"
#include "driver/redis/test_server.hpp"

namespace weft::cluster {
namespace {

using redis::TestServer;

/// One for all contract tests; each test has its own prefix.
TestServer& shared_server() {
  static TestServer server;
  return server;
}

std::unique_ptr<NodeStore> make_store(net::Loop& loop, StoreOptions options) {
  if (!TestServer::is_installed()) return nullptr;
  redis::RedisOptions redis;
  redis.port = shared_server().port();
  return std::make_unique<RedisStore>(loop, redis, std::move(options));
}

INSTANTIATE_TEST_SUITE_P(Redis, NodeStoreContract,
                         testing::Values(StoreEngine{"redis", make_store}));

}  // namespace
}  // namespace weft::cluster
