// The Redis storages against a real redis-server that this program starts.
#include "driver/redis/test_server.hpp"

#include "base/log.hpp"
#include "storage/connection_storage_contract.hpp"
#include "storage/message_storage_contract.hpp"
#include "storage/redis_connections.hpp"
#include "storage/redis_messages.hpp"

namespace weft::storage {
namespace {

using redis::TestServer;

/// One for all contract tests; each test has its own prefix.
TestServer& shared_server() {
  static TestServer server;
  return server;
}

template <class Options>
Options options_for(const TestServer& server) {
  static int number = 0;
  Options options;
  options.redis.port = server.port();
  options.redis.timeout = std::chrono::minutes(1);  // the faults' own tests are about time
  options.prefix = "test" + std::to_string(++number) + ":";
  return options;
}

std::shared_ptr<ConnectionStorage> make_connections(net::Loop& loop) {
  if (!TestServer::is_installed()) return nullptr;
  return std::make_shared<RedisConnectionStorage>(
      loop, options_for<RedisStorageOptions>(shared_server()));
}

std::shared_ptr<MessageStorage> make_messages(net::Loop& loop, std::size_t max_items) {
  if (!TestServer::is_installed()) return nullptr;
  auto options = options_for<RedisMessageOptions>(shared_server());
  options.slot = MessageEngine::kSlot;
  options.max_items = max_items;
  return std::make_shared<RedisMessageStorage>(loop, options);
}

INSTANTIATE_TEST_SUITE_P(Redis, ConnectionStorageContract,
                         testing::Values(ConnectionEngine{"redis", make_connections}));

INSTANTIATE_TEST_SUITE_P(Redis, MessageStorageContract,
                         testing::Values(MessageEngine{"redis", make_messages}));

}  // namespace
}  // namespace weft::storage
