#include "app/config_checks_framework.hpp"

#include <algorithm>
#include <filesystem>

#include "app/config_foreign.hpp"
#include "app/event_target.hpp"
#include "app/options.hpp"

namespace weft {
namespace {

void check_storage(Report& report, const Config& config, const std::string& key,
                   const StorageConfig& storage) {
  if (storage.engine == StorageEngine::sqlite && storage.file.empty())
    return report.error(key + ".engine", key + " is sqlite, but no file is named",
                        "write  " + key + ": { engine: sqlite, file: weft.sqlite }");
  if (storage.engine != StorageEngine::redis) return;
  if (config.redis.empty())
    return report.error(key + ".engine", key + " is redis, but there is no redis",
                        "add  redis: [ { name: default, url: redis://127.0.0.1:6379/0 } ]");
  std::vector<std::string> names;
  for (const RedisConfig& redis : config.redis) names.push_back(redis.name);
  if (storage.redis.empty() || std::ranges::find(names, storage.redis) != names.end()) return;
  const auto near = nearest(storage.redis, names);
  report.error(key + ".redis", key + ".redis: there is no redis " + storage.redis,
               "did you mean " + (near ? *near : names.front()) + "?");
}

void check_worker_name(Report& report, const std::string& key, const std::string& name,
                       const Config& config) {
  std::vector<std::string> names;
  for (const WorkerConfig& worker : config.workers) names.push_back(worker.name);
  if (std::ranges::find(names, name) != names.end()) return;
  const auto near = nearest(name, names);
  report.error(key, key + ": there is no worker " + name,
               near ? "did you mean " + *near + "?"
                    : "add it:  workers: [ { name: " + name + ", command: … } ]");
}

void check_target(Report& report, const Config& config, const std::string& key,
                  const std::string& text) {
  const auto target = parse_event_target(text);
  if (!target) {
    const std::string php = hint_for_php("event_listeners[].listener", text);
    return report.error(
        key, key + ": \"" + text + "\" names nobody who could get an event",
        php.empty() ? "write  queue:NAME,  lua:FILE:FUNCTION  or  worker:NAME" : php);
  }
  std::error_code ignored;
  switch (target->kind) {
    case EventTarget::Kind::queue:
      return check_queue_name(report, key, target->name, config);
    case EventTarget::Kind::worker:
      return check_worker_name(report, key, target->name, config);
    case EventTarget::Kind::lua:
      if (!std::filesystem::exists(target->name, ignored))
        report.error(key, key + ": there is no file " + target->name,
                     "this should be a Lua script; relative paths begin where the configuration "
                     "lies");
  }
}

/// A dead letter in memory is lost with its process, although the job was not.
void check_dead_letters(Report& report, const Config& config, const std::string& key,
                        const QueueConfig& queue) {
  const auto dead = std::ranges::find(config.queues, queue.dead_letter, &QueueConfig::name);
  if (dead == config.queues.end() || dead->engine != QueueEngine::memory) return;
  report.warning(
      key + ".dead_letter",
      key + ".dead_letter: " + dead->name + " is in memory: a restart loses what is there",
      "give it an engine too");
}

}  // namespace

void check_queue_engine(Report& report, const std::string& key, const QueueConfig& queue,
                        const Config& config) {
  if (queue.engine == QueueEngine::memory) return;
  check_dead_letters(report, config, key, queue);
  if (queue.engine == QueueEngine::sqlite && queue.file.empty())
    return report.error(key + ".engine", key + " is sqlite, but no file is named",
                        "add  file: queues.sqlite");
  const bool is_nats = config.cluster.enabled() && !config.cluster.url.starts_with("redis");
  if (queue.engine == QueueEngine::jetstream && !is_nats)
    return report.error(key + ".engine",
                        key + " is jetstream, but cluster.url names no NATS server",
                        "add  cluster: { url: nats://127.0.0.1:4222, prefix: app }");
  if (queue.engine != QueueEngine::redis) return;
  const bool is_cluster = queue.redis.empty() && config.cluster.url.starts_with("redis");
  if (is_cluster) return;
  StorageConfig server;
  server.engine = StorageEngine::redis;
  server.redis = queue.redis;
  check_storage(report, config, key, server);
}

void check_framework_path(Report& report, const Config& config, const std::string& key,
                          const PathConfig& path) {
  if (path.dialect == Dialect::events) {
    for (const auto& [event, target] : path.events) {
      if (event.empty()) report.error(key + ".events", key + ".events: an event has no name", "");
      check_target(report, config, key + ".events." + event, target);
    }
    return;
  }
  const PathConfig none;
  const auto unused = [&](bool differs, const std::string& name) {
    if (differs)
      report.error(key + "." + name,
                   key + "." + name + " is for dialect events, but " + path.path + " is another",
                   "add  dialect: events");
  };
  unused(path.envelope != none.envelope, "envelope");
  unused(path.converter != none.converter, "converter");
  if (path.dialect != Dialect::commands)
    unused(path.error_events != none.error_events, "error_events");
  unused(path.events != none.events, "events");
}

void check_cluster_events(Report& report, const Config& config) {
  for (const std::string& target : config.cluster.events)
    check_target(report, config, "cluster.events", target);
  for (const std::string& target : config.cluster.messages)
    check_target(report, config, "cluster.messages", target);
}

void check_event_listeners(Report& report, const Config& config) {
  for (std::size_t i = 0; i < config.event_listeners.size(); ++i) {
    const std::string key = item_key("event_listeners", i);
    const EventListenerConfig& listener = config.event_listeners[i];
    if (listener.event.empty() && report.given(key + ".event"))
      report.error(key + ".event", key + ".event: an event has no name",
                   "write for example  event: ORDER");
    if (report.given(key + ".listener"))
      check_target(report, config, key + ".listener", listener.listener);
  }
  const auto is_events = [](const PathConfig& path) { return path.dialect == Dialect::events; };
  if (!config.event_listeners.empty() && std::ranges::none_of(config.paths, is_events))
    report.warning("event_listeners", "event_listeners: no path is of dialect events",
                   "add  paths: [ { path: /events, dialect: events } ]");
}

void check_queue_name(Report& report, const std::string& key, const std::string& name,
                      const Config& config) {
  std::vector<std::string> names;
  for (const QueueConfig& queue : config.queues) names.push_back(queue.name);
  if (name.empty() || std::ranges::find(names, name) != names.end()) return;
  const auto near = nearest(name, names);
  report.error(
      key, key + ": there is no queue " + name,
      near ? "did you mean " + *near + "?" : "add it:  queues: [ { name: " + name + " } ]");
}

void check_storages(Report& report, const Config& config) {
  check_storage(report, config, "storages.connection", config.storages.connection);
  check_storage(report, config, "storages.message_queue", config.storages.message_queue);
}

}  // namespace weft
