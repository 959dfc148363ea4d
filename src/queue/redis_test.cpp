// The contracts over Redis, against a real redis-server that this program starts.
#include "driver/redis/test_server.hpp"
#include "queue/job_log_contract.hpp"
#include "queue/log_queue_engine.hpp"
#include "queue/queue_contract.hpp"
#include "queue/redis_log.hpp"

namespace weft::queue {
namespace {

using redis::TestServer;

TestServer& shared_server() {
  static TestServer server;
  return server;
}

std::unique_ptr<JobLog> open_in_redis(net::Loop& loop, LogOptions options) {
  if (!TestServer::is_installed()) return nullptr;
  redis::RedisOptions redis;
  redis.port = shared_server().port();
  return std::make_unique<RedisLog>(loop, redis, "test:", std::move(options));
}

const auto name_of = [](const auto& info) { return info.param.name; };

INSTANTIATE_TEST_SUITE_P(Logs, JobLogContract, testing::Values(LogEngine{"redis", open_in_redis}),
                         name_of);
const auto over_redis = testing::Values(queue_over("redis", open_in_redis));
INSTANTIATE_TEST_SUITE_P(Logs, QueueContract, over_redis, name_of);
INSTANTIATE_TEST_SUITE_P(Logs, OrderedQueueContract, over_redis, name_of);

}  // namespace
}  // namespace weft::queue
