#include "app/config_complete.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "app/config_report.hpp"
#include "app/event_target.hpp"
#include "app/options.hpp"

namespace weft {
namespace {

/// Copies the field that `option.inherits` names into every item that does not say it itself.
void inherit(Loaded& loaded, const Option& option) {
  const std::size_t bracket = option.key.find("[].");
  const ListOption* list = find_list(option.key.substr(0, bracket));
  const Option* parent = find_option(option.inherits);
  for (std::size_t i = 0; i < list->size(loaded.config); ++i) {
    const std::string key = item_key(list->key, i) + option.key.substr(bracket + 2);
    if (loaded.origins.contains(key)) continue;
    const Field from = parent->field(&loaded.config), to = option.field(list->at(loaded.config, i));
    std::visit([&](auto* value) { *value = *std::get<std::remove_cvref_t<decltype(value)>>(from); },
               to);
  }
}

void read_secret(Loaded& loaded, const std::string& key, const std::string& path,
                 std::string& secret) {
  if (path.empty()) return;
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) {
    Report(loaded).error(key, key + ": cannot read a password from " + path,
                         "its first line should be the password");
    return;
  }
  if (line.ends_with('\r')) line.pop_back();
  secret = line;
}

/// Applications that share a Redis are as far apart there as on the broker.
void complete_prefix(const ClusterConfig& cluster, std::string& prefix) {
  if (prefix.empty()) prefix = (cluster.enabled() ? cluster.prefix : "weft") + ':';
}

/// A script's file begins where the configuration lies, when that names it; a worker that gets
/// events has a topic.
void complete_target(Loaded& loaded, const std::string& key, std::string& text) {
  auto target = parse_event_target(text);
  if (!target) return;
  Config& config = loaded.config;
  const auto origin = loaded.origins.find(key);
  const bool in_file = origin != loaded.origins.end() && origin->second.kind == Origin::Kind::file;
  if (target->kind == EventTarget::Kind::lua && target->name.front() != '/' && in_file) {
    const auto folder = std::filesystem::path(config.file).parent_path();
    target->name = (folder / target->name).lexically_normal().string();
    text = to_string(*target);
  }
  if (target->kind != EventTarget::Kind::worker) return;
  const std::string topic = worker_topic(target->name);
  if (std::ranges::find(config.queues, topic, &QueueConfig::name) == config.queues.end())
    config.queues.push_back({topic});
}

}  // namespace

void complete_config(Loaded& loaded) {
  Config& config = loaded.config;
  for (const Option& option : options())
    if (!option.inherits.empty()) inherit(loaded, option);
  for (std::size_t i = 0; i < config.paths.size(); ++i) {
    PathConfig& path = config.paths[i];
    if (!loaded.origins.contains(item_key("paths", i) + ".dialect")) {
      if (!path.events.empty()) path.dialect = Dialect::events;
      if (!path.script.empty()) path.dialect = Dialect::lua;
    }
    for (auto& [event, target] : path.events)
      complete_target(loaded, item_key("paths", i) + ".events", target);
    if (path.path.size() > 1 && path.path.ends_with('/')) path.path.pop_back();
  }
  for (std::size_t i = 0; i < config.event_listeners.size(); ++i)
    complete_target(loaded, item_key("event_listeners", i) + ".listener",
                    config.event_listeners[i].listener);
  for (std::string& target : config.cluster.events)
    complete_target(loaded, "cluster.events", target);
  for (std::string& target : config.cluster.messages)
    complete_target(loaded, "cluster.messages", target);
  for (std::size_t i = 0; i < config.redis.size(); ++i)
    read_secret(loaded, item_key("redis", i) + ".password_file", config.redis[i].password_file,
                config.redis[i].password);
  for (std::size_t i = 0; i < config.api.users.size(); ++i)
    read_secret(loaded, item_key("api.access.users", i) + ".password_file",
                config.api.users[i].password_file, config.api.users[i].password);
  ClusterConfig& cluster = config.cluster;
  complete_prefix(cluster, config.storages.connection.prefix);
  complete_prefix(cluster, config.storages.message_queue.prefix);
  read_secret(loaded, "cluster.password_file", cluster.password_file, cluster.password);
  read_secret(loaded, "cluster.token_file", cluster.token_file, cluster.token);
}

}  // namespace weft
