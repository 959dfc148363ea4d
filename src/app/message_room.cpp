#include "app/message_room.hpp"

#include <algorithm>

#include "app/convert.hpp"
#include "base/log.hpp"
#include "storage/memory_messages.hpp"
#include "storage/redis_messages.hpp"
#include "storage/sqlite_messages.hpp"

namespace weft {
namespace {

storage::RedisMessageOptions redis_storage_options(const Config& config) {
  const MessageQueueConfig& wanted = config.storages.message_queue;
  storage::RedisMessageOptions options;
  const storage::RedisStorageOptions habits;
  for (const redis::RedisOptions& one : redis_options(config)) {
    if (!wanted.redis.empty() && one.name != wanted.redis) continue;
    options.redis = one;
    break;
  }
  options.redis.timeout = std::min(options.redis.timeout, habits.redis.timeout);
  options.redis.longest_wait = habits.redis.longest_wait;
  options.prefix = wanted.prefix;
  options.slot = config.node.slot;
  options.max_items = wanted.max_items;
  return options;
}

/// `home`: where the engines do their work.
std::shared_ptr<MessageStorage> make_storage(const Config& config, unsigned lasting_slot,
                                             net::Loop& home) {
  const MessageQueueConfig& wanted = config.storages.message_queue;
  if (wanted.engine == StorageEngine::redis)
    return std::make_shared<storage::RedisMessageStorage>(home, redis_storage_options(config));
  if (wanted.engine == StorageEngine::sqlite) {
    storage::SqliteMessageOptions options;
    options.file = wanted.file;
    options.slot = lasting_slot;
    options.max_items = wanted.max_items;
    return std::make_shared<storage::SqliteMessageStorage>(options);
  }
  storage::MessageLimits limits;
  limits.max_items = wanted.max_items;
  return std::make_shared<storage::MemoryMessageStorage>(limits);
}

framework::DrainSettings drain_settings(const Config& config) {
  framework::DrainSettings settings;
  settings.visibility = config.storages.message_queue.visibility;
  settings.max_attempts = config.storages.message_queue.max_attempts;
  settings.orphans = config.cluster.lease;
  return settings;
}

/// Subscribers of AddedMessageToQueue hear of it on the loop that added.
framework::StoredQueue::OnAdded raise_added(const framework::Application& application) {
  if (!application.bus.has<AddedMessageToQueue>()) return {};
  return [&application](const QueuedMessage& message) {
    const AddedMessageToQueue added{application.server, message.id, message.to, message.user,
                                    message.event};
    application.bus.raise(
        added, [](std::exception_ptr) { log::error("a subscriber of AddedMessageToQueue threw"); });
  };
}

}  // namespace

MessageRoom::MessageRoom(const Config& config, unsigned lasting_slot, net::LoopPool& loops,
                         LocalNode& node, const framework::Application& application)
    : is_offered_(application.message_storage ||
                  config.storages.message_queue.engine != StorageEngine::none),
      storage_(application.message_storage ? application.message_storage
                                           : make_storage(config, lasting_slot, loops.at(0))),
      recipients_(loops, loops.at(0), node),
      queue_(loops, *storage_, recipients_, node.metrics(), config.storages.message_queue.ttl,
             raise_added(application)),
      drain_(std::make_shared<framework::MessageDrain>(loops.at(0), storage_, recipients_,
                                                       node.metrics(), drain_settings(config))) {}

}  // namespace weft
