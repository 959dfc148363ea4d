// Where the jobs of a queue are kept, as the configuration says.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "app/config.hpp"
#include "queue/queues.hpp"
#include "queue/sqlite_log.hpp"

namespace weft {

class QueueEngines {
 public:
  explicit QueueEngines(const Config& config) : config_(config) {}

  /// Makes the topic. Throws std::runtime_error that says what is wrong.
  void create(queue::Queues& queues, const QueueConfig& queue);

 private:
  queue::OpenLog in_sqlite(const QueueConfig& queue);
  queue::OpenLog in_redis(const QueueConfig& queue) const;
  queue::OpenLog in_jetstream(const QueueConfig& queue) const;
  std::string prefix_of(const QueueConfig& queue) const;

  const Config& config_;
  const NodeId me_ = new_node_id();
  std::map<std::string, std::shared_ptr<queue::SqliteLogFile>> files_;
};

}  // namespace weft
