// The contracts, against the engines that need no server.
#include <map>

#include "queue/job_log_contract.hpp"
#include "queue/log_queue_engine.hpp"
#include "queue/memory_log.hpp"
#include "queue/queue_contract.hpp"
#include "queue/sqlite_log.hpp"

namespace weft::queue {
namespace {

std::unique_ptr<JobLog> open_in_memory(net::Loop&, LogOptions options) {
  static std::map<std::string, std::shared_ptr<MemoryLogStore>> stores;
  auto& store = stores[options.topic];
  if (!store) store = std::make_shared<MemoryLogStore>();
  return std::make_unique<MemoryLog>(store, std::move(options));
}

std::unique_ptr<Queue> in_memory(std::vector<net::Loop*> loops, metrics::Registry& metrics) {
  QueuesOptions options;
  options.max_topics = 8;
  options.now = [] { return test_time; };
  return std::make_unique<Queues>(std::move(loops), metrics, options);
}

std::unique_ptr<JobLog> open_in_sqlite(net::Loop&, LogOptions options) {
  static const auto file = std::make_shared<SqliteLogFile>(":memory:");
  return std::make_unique<SqliteLog>(file, std::move(options));
}

const auto name_of = [](const auto& info) { return info.param.name; };

INSTANTIATE_TEST_SUITE_P(Logs, JobLogContract,
                         testing::Values(LogEngine{"memory", open_in_memory},
                                         LogEngine{"sqlite", open_in_sqlite}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Memory, QueueContract, testing::Values(QueueEngine{"memory", in_memory}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Memory, OrderedQueueContract,
                         testing::Values(QueueEngine{"memory", in_memory}), name_of);
const auto over_logs =
    testing::Values(queue_over("memory", open_in_memory), queue_over("sqlite", open_in_sqlite));
INSTANTIATE_TEST_SUITE_P(Logs, QueueContract, over_logs, name_of);
INSTANTIATE_TEST_SUITE_P(Logs, OrderedQueueContract, over_logs, name_of);

}  // namespace
}  // namespace weft::queue
