#include "app/row_room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "app/convert.hpp"
#include "base/log.hpp"
#include "framework/loop_context.hpp"
#include "storage/memory_connections.hpp"
#include "storage/redis_connections.hpp"
#include "storage/sqlite_connections.hpp"

namespace weft {
namespace {

/// The server that `wanted` names; nobody waits for its answers longer than a storage may take.
storage::RedisStorageOptions redis_storage(const Config& config, const StorageConfig& wanted) {
  const auto all = redis_options(config);
  const auto found = std::find_if(all.begin(), all.end(), [&](const redis::RedisOptions& one) {
    return wanted.redis.empty() || one.name == wanted.redis;
  });
  if (found == all.end()) throw std::runtime_error("storages.connection: there is no such redis");
  storage::RedisStorageOptions options;
  const redis::RedisOptions ours = options.redis;
  options.redis = *found;
  options.redis.longest_wait = ours.longest_wait;
  options.redis.timeout = std::min(found->timeout, ours.timeout);
  options.prefix = wanted.prefix;
  return options;
}

std::shared_ptr<ConnectionStorage> make_storage(const Config& config, net::Loop& home) {
  const StorageConfig& wanted = config.storages.connection;
  switch (wanted.engine) {
    case StorageEngine::none:
      return nullptr;
    case StorageEngine::memory:
      return std::make_shared<storage::MemoryConnectionStorage>();
    case StorageEngine::sqlite:
      return std::make_shared<storage::SqliteConnectionStorage>(wanted.file);
    case StorageEngine::redis:
      break;
  }
  return std::make_shared<storage::RedisConnectionStorage>(home, redis_storage(config, wanted));
}

framework::RowKeeperSettings settings_of(const Config& config) {
  std::random_device random;
  framework::RowKeeperSettings settings;
  settings.slot = config.node.slot;
  settings.boot = fmt::format("{:08x}{:08x}", random(), random());
  settings.lease = config.storages.connection_lease;
  return settings;
}

}  // namespace

RowRoom::RowRoom(const Config& config, net::Loop& home, metrics::Registry& metrics,
                 const framework::Application& application)
    : home_(home), storage_(application.connection_storage) {
  if (!storage_) storage_ = make_storage(config, home);
  if (!storage_) return;
  rows_ = std::make_shared<framework::RowKeeper>(home, storage_, metrics, settings_of(config));
  rows_->set_on_removed([&application](ConnectionId id) {
    const ConnectionRemoved removed{application.server, id, ConnectionRemoved::Why::closed};
    application.bus.raise(removed, [](std::exception_ptr error) {
      log::error("a subscriber of ConnectionRemoved threw: {}", framework::what_of(error));
    });
  });
}

void RowRoom::start() {
  if (rows_) rows_->start();
}

void RowRoom::stop(std::function<void()> done) {
  if (rows_) return rows_->stop(std::move(done));
  home_.post(std::move(done));
}

}  // namespace weft
