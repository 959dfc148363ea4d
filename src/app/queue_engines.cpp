#include "app/queue_engines.hpp"

#include <stdexcept>

#include "app/convert.hpp"
#include "app/mesh_engines.hpp"
#include "queue/jetstream_log.hpp"
#include "queue/redis_log.hpp"

namespace weft {
namespace {

redis::RedisOptions server_of(const Config& config, const QueueConfig& queue) {
  if (queue.redis.empty() && config.cluster.url.starts_with("redis"))
    return cluster_redis(config.cluster);
  for (redis::RedisOptions& one : redis_options(config))
    if (queue.redis.empty() || one.name == queue.redis) return std::move(one);
  throw std::runtime_error("queue \"" + queue.name + "\": there is no redis " + queue.redis);
}

}  // namespace

void QueueEngines::create(queue::Queues& queues, const QueueConfig& queue) {
  queue::LogOptions options;
  options.topic = queue.name;
  options.me = me_;
  options.partitions = queue.partitions;
  options.lease = config_.cluster.lease;
  options.is_required = queue.required;
  const queue::TopicLimits limits = topic_limits(queue);
  error_code error;
  switch (queue.engine) {
    case QueueEngine::memory:
      error = queues.create(queue.name, limits);
      break;
    case QueueEngine::sqlite:
      error = queues.create_log(std::move(options), limits, in_sqlite(queue));
      break;
    case QueueEngine::redis:
      error = queues.create_log(std::move(options), limits, in_redis(queue));
      break;
    case QueueEngine::jetstream:
      error = queues.create_log(std::move(options), limits, in_jetstream(queue));
      break;
  }
  if (error) throw std::runtime_error("queue \"" + queue.name + "\": " + error.message());
}

queue::OpenLog QueueEngines::in_sqlite(const QueueConfig& queue) {
  auto& file = files_[queue.file];
  if (!file) file = std::make_shared<queue::SqliteLogFile>(queue.file);
  return [file](net::Loop&, queue::LogOptions options) {
    return std::make_unique<queue::SqliteLog>(file, std::move(options));
  };
}

std::string QueueEngines::prefix_of(const QueueConfig& queue) const {
  const std::string& prefix = queue.prefix.empty() ? config_.cluster.prefix : queue.prefix;
  return prefix.empty() ? "weft" : prefix;
}

queue::OpenLog QueueEngines::in_redis(const QueueConfig& queue) const {
  return [redis = server_of(config_, queue), prefix = prefix_of(queue) + ":"](
             net::Loop& home, queue::LogOptions options) {
    return std::make_unique<queue::RedisLog>(home, redis, prefix, std::move(options));
  };
}

queue::OpenLog QueueEngines::in_jetstream(const QueueConfig& queue) const {
  return [nats = cluster_nats(config_.cluster), prefix = prefix_of(queue)](
             net::Loop& home, queue::LogOptions options) {
    return std::make_unique<queue::JetstreamLog>(home, nats, prefix, std::move(options));
  };
}

}  // namespace weft
