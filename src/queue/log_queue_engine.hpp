// For tests: the contract of queues over any log.
#pragma once
#include "queue/queue_contract_fixture.hpp"
#include "queue/queues.hpp"
#include "queue/watched_log.hpp"

namespace weft::queue {

/// `open` gets topics that no other test has; null = the log cannot be tested here.
inline QueueEngine queue_over(std::string name, OpenLog open) {
  const auto watch = std::make_shared<WatchedLog::Watch>();
  QueueEngine engine;
  engine.name = std::move(name);
  engine.is_busy = [watch] { return watch->asked > 0; };
  engine.has_own_clock = true;
  engine.make = [watch, open](std::vector<net::Loop*> loops,
                              metrics::Registry& metrics) -> std::unique_ptr<Queue> {
    static int number = 0;
    const std::string suffix = std::to_string(++number);
    watch->asked = 0;
    LogOptions options;
    options.me = new_node_id();
    options.partitions = 8;
    if (!open(*loops[0], options)) return nullptr;
    auto queue = std::make_unique<Queues>(loops, metrics, QueuesOptions{});
    for (const char* topic : {"jobs", "dead", "lonely"}) {
      options.topic = topic;
      const auto watched = [watch, open, suffix](net::Loop& home, LogOptions wanted) {
        wanted.topic += suffix;
        return std::make_unique<WatchedLog>(open(home, std::move(wanted)), watch);
      };
      EXPECT_FALSE(queue->create_log(options, {}, watched));
    }
    return queue;
  };
  engine.close = [](Queue& queue, net::Loop& loop, std::function<void()> done) {
    static_cast<Queues&>(queue).close(loop, std::move(done));
  };
  return engine;
}

}  // namespace weft::queue
