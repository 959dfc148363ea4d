#include "app/config_checks.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <filesystem>

#include "app/config_checks_framework.hpp"
#include "app/config_report.hpp"
#include "app/options.hpp"
#include "app/value_text.hpp"
#include "node/channel_name.hpp"

namespace weft {
namespace {

namespace fs = std::filesystem;

/// Adds findings at the place where a key was given.
void check_file(Report& report, const std::string& key, const std::string& path, const char* what) {
  std::error_code ignored;
  if (path.empty() || fs::is_regular_file(path, ignored)) return;
  if (fs::exists(path, ignored) && !fs::is_directory(path, ignored)) return;  // a pipe or device
  report.error(key, key + ": there is no file " + path,
               std::string("this should be ") + what +
                   "; relative paths begin where the configuration lies");
}

void check_tls(Report& report, const std::string& prefix, const TlsFiles& tls) {
  if (tls.certificate.empty() != tls.key.empty())
    report.error(prefix + (tls.key.empty() ? ".certificate" : ".key"),
                 prefix + " has a " +
                     (tls.key.empty() ? "certificate but no key" : "key but no certificate"),
                 "TLS needs both:  certificate: fullchain.pem  and  key: privkey.pem");
  check_file(report, prefix + ".certificate", tls.certificate, "a PEM file");
  check_file(report, prefix + ".key", tls.key, "a PEM file");
}

// --- listen ---

struct Port {
  std::string key, address;
};

std::vector<Port> ports_of(const Config& config) {
  std::vector<Port> ports{{"listen.clients.address", config.listen.clients.address},
                          {"listen.api.address", config.listen.api.address},
                          {"listen.directory.address", config.listen.directory.address}};
  for (std::size_t i = 0; i < config.sockets.size(); ++i)
    ports.push_back({item_key("sockets", i) + ".listen", config.sockets[i].listen});
  return ports;
}

void check_ports(Report& report, const Config& config) {
  const std::vector<Port> ports = ports_of(config);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto mine = parse_address(ports[i].address);
    if (!mine || mine->port == 0) continue;
    for (std::size_t j = 0; j < i; ++j) {
      const auto other = parse_address(ports[j].address);
      if (!other || other->port != mine->port) continue;
      if (other->host == mine->host || other->is_every_interface() || mine->is_every_interface()) {
        report.error(
            ports[i].key,
            ports[i].key + " and " + ports[j].key + " both want port " + std::to_string(mine->port),
            "give each its own port");
        break;
      }
    }
  }
}

bool is_public(const std::string& address) {
  const auto parsed = parse_address(address);
  return parsed && !parsed->is_loopback();
}

void check_api_access(Report& report, const Config& config) {
  const std::string& api = config.listen.api.address;
  if (!is_public(api)) return;
  if (config.api.users.empty())
    return report.error(
        "listen.api.address",
        "listen.api is " + api + ": anybody who reaches it could read and send everything",
        "add who may use it:\n"
        "api:\n"
        "  access:\n"
        "    users:\n"
        "      - { username: worker, password_file: worker.password }\n"
        "or keep it on this machine:  listen: { api: \"127.0.0.1:6789\" }");
  if (!config.listen.api.tls.enabled())
    report.warning(
        "listen.api.address",
        "listen.api is " + api + " without TLS: passwords travel in clear text",
        "add  certificate: and key:  under listen.api, or keep it inside a private network");
}

void check_listen(Report& report, const Config& config) {
  check_tls(report, "listen.clients", config.listen.clients.tls);
  check_tls(report, "listen.api", config.listen.api.tls);
  check_tls(report, "listen.directory", config.listen.directory.tls);
  check_ports(report, config);
  check_api_access(report, config);
  const auto& clients = config.listen.clients;
  if (report.given("listen.clients.address") && is_public(clients.address) &&
      !clients.tls.enabled() && config.client.trusted_proxies.empty())
    report.warning("listen.clients.address",
                   "listen.clients is " + clients.address +
                       " without TLS: anybody on the way can read and change messages",
                   "add  certificate: and key:  under listen.clients, or client.trusted_proxies "
                   "when a proxy in front ends TLS");
  if (!config.node.advertise.empty()) {
    const auto told = parse_address(config.node.advertise);
    if (!told || told->host.empty() || told->port == 0)
      report.error("node.advertise",
                   "node.advertise: workers cannot connect to " + config.node.advertise,
                   "write for example  advertise: 10.0.0.5:6789");
  }
}

// --- client, and the limits of paths and sockets ---

void check_origins(Report& report, const std::string& key,
                   const std::vector<std::string>& origins) {
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const std::string& origin = origins[i];
    if (origin == "*")
      report.warning(item_key(key, i),
                     key + " contains \"*\": any website may open sockets as your users",
                     "name the sites:  allowed_origins: [\"https://app.example.com\"]");
    else if (!is_origin_pattern(origin))
      report.error(item_key(key, i), item_key(key, i) + ": \"" + origin + "\" is not an origin",
                   "write for example  https://app.example.com  or  https://*.example.com   "
                   "(scheme and host, no path)");
  }
}

void check_networks(Report& report, const std::string& key,
                    const std::vector<std::string>& networks) {
  for (std::size_t i = 0; i < networks.size(); ++i)
    if (!is_network(networks[i]))
      report.error(item_key(key, i),
                   item_key(key, i) + ": \"" + networks[i] + "\" is not a network",
                   "write for example  10.0.0.0/8  or  192.168.1.7");
}

void check_limits(Report& report, const std::string& prefix, const ConnectionLimits& limits) {
  const auto given = [&](const char* name) { return report.given(prefix + "." + name); };
  if (limits.context_takeover && !limits.compression && given("context_takeover"))
    report.warning(prefix + ".context_takeover",
                   prefix + ".context_takeover without compression does nothing",
                   "add  compression: true");
  const bool pings = limits.ping_interval != Millis{0}, reads = limits.read_timeout != Millis{0};
  if (pings && reads && limits.read_timeout <= limits.ping_interval &&
      (given("read_timeout") || given("ping_interval")))
    report.warning(given("read_timeout") ? prefix + ".read_timeout" : prefix + ".ping_interval",
                   prefix + ".read_timeout (" + duration_text(limits.read_timeout) +
                       ") ends before the first ping (" + duration_text(limits.ping_interval) +
                       "): healthy silent clients are closed",
                   "make read_timeout longer than ping_interval + pong_timeout");
  if (limits.max_outbox < limits.max_message && (given("max_outbox") || given("max_message")))
    report.warning(given("max_outbox") ? prefix + ".max_outbox" : prefix + ".max_message",
                   prefix + ".max_outbox (" + bytes_text(limits.max_outbox) +
                       ") is smaller than one message (" + bytes_text(limits.max_message) + ")",
                   "make max_outbox at least max_message");
}

// --- paths and sockets ---

std::string answers_of(const PathConfig& path) {
  std::string names;
  const auto add = [&](bool present, const char* name) {
    if (present) names += (names.empty() ? "" : " and ") + std::string(name);
  };
  add(!path.script.empty(), "script");
  add(!path.files.empty(), "files");
  add(path.answer != BuiltInAnswer::none, "answer");
  add(!path.queue.empty(), "queue");
  if (is_framework(path)) add(true, path.dialect == Dialect::events ? "events" : "commands");
  return names;
}

bool is_url_path(const std::string& path) {
  return path.starts_with('/') && path.find("//") == std::string::npos &&
         path.find_first_of("?#* \t") == std::string::npos &&
         (path + "/").find("/../") == std::string::npos &&
         (path + "/").find("/./") == std::string::npos;
}

void check_path(Report& report, const Config& config, std::size_t index) {
  const std::string key = item_key("paths", index);
  const PathConfig& path = config.paths[index];
  if (!path.path.empty() && !is_url_path(path.path))
    report.error(key + ".path", key + ".path: \"" + path.path + "\" is not a path of a URL",
                 "write for example  path: /chat   (it begins with /, without //, .., ?, # or *)");
  for (std::size_t i = 0; i < index; ++i)
    if (config.paths[i].path == path.path && !path.path.empty()) {
      report.error(key + ".path", key + " and " + item_key("paths", i) + " are both " + path.path,
                   "one path, one item: keep one of them");
      break;
    }
  const std::string answers = answers_of(path);
  if (answers.find(" and ") != std::string::npos)
    report.error(key, key + " (" + path.path + ") has " + answers + ": one path has one answer",
                 "keep one of script, files, answer, queue, dialect events, dialect commands");
  else if (path.dialect == Dialect::lua && path.script.empty())
    report.error(key + ".dialect", key + " (" + path.path + ") is dialect lua without a script",
                 "add  script: lua/entry.lua");
  else if (path.dialect == Dialect::plain && !path.script.empty())
    report.error(key + ".dialect", key + " (" + path.path + ") has a script but dialect plain",
                 "leave dialect out, or write  dialect: lua");
  else if (answers.empty() && path.subscribe.empty())
    report.error(key, key + " (" + path.path + ") has no answer: its messages would go nowhere",
                 "add one of  script: lua/entry.lua,  files: web,  answer: echo,  queue: NAME,  "
                 "subscribe: [CHANNEL]");
  for (std::size_t n = 0; n < path.subscribe.size(); ++n)
    if (!is_channel_name(path.subscribe[n]))
      report.error(
          item_key(key + ".subscribe", n),
          item_key(key + ".subscribe", n) + ": \"" + path.subscribe[n] + "\" is not a channel name",
          "use up to 255 bytes without spaces and * > { }, and no $ in front");
  if (path.subscribe.size() > path.limits.max_channels)
    report.error(key + ".subscribe",
                 key + ".subscribe names more channels than max_channels (" +
                     std::to_string(path.limits.max_channels) + ")",
                 "raise max_channels");
  if (!path.files.empty() && !path.subscribe.empty())
    report.error(key + ".subscribe",
                 key + " (" + path.path + ") serves files: nobody can be subscribed there",
                 "give the WebSocket a path of its own");
  check_file(report, key + ".script", path.script, "a Lua script");
  std::error_code ignored;
  if (!path.files.empty() && !fs::is_directory(path.files, ignored))
    report.error(key + ".files", key + ".files: there is no folder " + path.files,
                 "relative paths begin where the configuration lies");
  check_queue_name(report, key + ".queue", path.queue, config);
  if (report.given(key + ".allowed_origins"))
    check_origins(report, key + ".allowed_origins", path.allowed_origins);
  if (path.authenticate.enabled() && path.limits.compression)
    report.error(key + ".authenticate.context_key",
                 key + " (" + path.path +
                     ") has authenticate and compression: strangers could make the server inflate",
                 "write  compression: false  on this path");
  if (path.authenticate.enabled() && path.script.empty() && path.queue.empty() &&
      !is_framework(path))
    report.error(
        key + ".authenticate.context_key",
        key + " (" + path.path + ") has authenticate, but nobody there can set the context",
        "add a script or a queue");
  check_framework_path(report, config, key, path);
  check_limits(report, key, path.limits);
}

void check_sockets(Report& report, const Config& config) {
  for (std::size_t i = 0; i < config.sockets.size(); ++i) {
    const std::string key = item_key("sockets", i);
    const SocketConfig& socket = config.sockets[i];
    if (socket.script.empty())
      report.error(key, key + " has no script: nobody cuts its bytes into messages",
                   "add  script: lua/entry.lua");
    check_file(report, key + ".script", socket.script, "a Lua script");
    check_tls(report, key, socket.tls);
    check_limits(report, key, socket.limits);
  }
}

// --- queues, redis, access, workers ---

/// One complaint for each name that an earlier item of the list has too.
template <class Items, class Name>
void check_unique(Report& report, const char* list, const Items& items, Name name) {
  for (std::size_t i = 0; i < items.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!(items[i].*name).empty() && items[i].*name == items[j].*name) {
        report.error(
            item_key(list, i),
            item_key(list, i) + " and " + item_key(list, j) + " are both called " + items[i].*name,
            "give each its own name");
        break;
      }
}

bool is_topic_name(const std::string& name) {
  return name.size() <= 255 &&
         std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

void check_queues(Report& report, const Config& config) {
  check_unique(report, "queues", config.queues, &QueueConfig::name);
  for (std::size_t i = 0; i < config.queues.size(); ++i) {
    const QueueConfig& queue = config.queues[i];
    const std::string key = item_key("queues", i);
    if (!is_topic_name(queue.name))
      report.error(key + ".name", key + ".name: \"" + queue.name + "\" cannot be a topic",
                   "use up to 255 characters without spaces and control characters");
    check_queue_engine(report, key, queue, config);
    if (queue.dead_letter == queue.name && !queue.name.empty())
      report.error(key + ".dead_letter",
                   key + ".dead_letter is the queue itself: its jobs would go round for ever",
                   "name another queue");
    else
      check_queue_name(report, key + ".dead_letter", queue.dead_letter, config);
  }
  if (config.queues.size() > config.max_topics)
    report.error("max_topics",
                 "there are " + std::to_string(config.queues.size()) +
                     " queues, but max_topics is " + std::to_string(config.max_topics),
                 "raise max_topics");
}

void check_redis(Report& report, const Config& config) {
  check_unique(report, "redis", config.redis, &RedisConfig::name);
  for (std::size_t i = 0; i < config.redis.size(); ++i)
    check_service_url(report, item_key("redis", i) + ".url", config.redis[i].url,
                      {"redis", "rediss", "redis+sentinel", "rediss+sentinel"});
}

void check_access(Report& report, const Config& config) {
  check_unique(report, "api.access.users", config.api.users, &AccessUser::username);
  for (std::size_t i = 0; i < config.api.users.size(); ++i) {
    const AccessUser& user = config.api.users[i];
    const std::string key = item_key("api.access.users", i);
    if (report.given(key + ".password") && report.given(key + ".password_file"))
      report.error(key, key + " (" + user.username + ") has password and password_file",
                   "keep one of them");
    else if (user.password.empty() && user.password_file.empty() && user.username != "*")
      report.error(key, key + " (" + user.username + ") has no password",
                   "add  password_file: worker.password  or  password: ${WORKER_PASSWORD}");
    if (user.roles.empty())
      report.error(key + ".roles",
                   key + " (" + user.username + ") has no role, so it may do nothing",
                   "write  roles: [read]  or  roles: [read, write]");
    if (user.username.find(':') != std::string::npos)
      report.error(key + ".username", key + ".username: a name cannot contain \":\"",
                   "HTTP's Basic scheme ends the name there");
  }
}

void check_workers(Report& report, const Config& config) {
  check_unique(report, "workers", config.workers, &WorkerConfig::name);
  for (std::size_t i = 0; i < config.workers.size(); ++i) {
    const WorkerConfig& worker = config.workers[i];
    const std::string key = item_key("workers", i);
    std::error_code ignored;
    if (!worker.directory.empty() && !fs::is_directory(worker.directory, ignored))
      report.error(key + ".directory", key + ".directory: there is no folder " + worker.directory,
                   "relative paths begin where the configuration lies");
    if (report.given(key + ".command") &&
        worker.command.find_first_not_of(" \t\n") == std::string::npos)
      report.error(key + ".command", key + ".command is empty",
                   "write for example  command: php worker.php");
  }
}

}  // namespace

void check_config(Loaded& loaded, bool dev, bool program) {
  const Config& config = loaded.config;
  Report report(loaded);
  check_listen(report, config);
  check_origins(report, "client.allowed_origins", config.client.allowed_origins);
  check_networks(report, "client.trusted_proxies", config.client.trusted_proxies);
  check_networks(report, "lua.http_allow", config.lua.http_allow);
  check_limits(report, "client", config.client.limits);
  for (std::size_t i = 0; i < config.paths.size(); ++i) check_path(report, config, i);
  check_sockets(report, config);
  check_queues(report, config);
  check_redis(report, config);
  check_cluster(report, config);
  check_event_listeners(report, config);
  check_cluster_events(report, config);
  check_storages(report, config);
  check_access(report, config);
  check_workers(report, config);
  if (config.lua.jit && !dev && report.given("lua.jit"))
    report.warning("lua.jit", "lua.jit: a script that runs away cannot be stopped",
                   "leave it off, or test the scripts well");
  if (config.lua.trusted && report.given("lua.trusted"))
    report.warning("lua.trusted", "lua.trusted: scripts may do whatever this process may",
                   "leave it off unless you wrote all of them");
  if (!program && config.paths.empty() && config.sockets.empty() && config.listen.clients.enabled())
    report.warning("paths", "there is no path: every client gets 404",
                   "add  paths: [ { path: /ws, answer: echo } ]");
}

bool is_origin_pattern(std::string_view text) {
  if (text == "*") return true;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view scheme = text.substr(0, colon);
  if (!std::ranges::all_of(scheme, [](unsigned char c) {
        return std::isalnum(c) || c == '+' || c == '-' || c == '.';
      }))
    return false;
  std::string_view host = text.substr(colon + 3);
  if (host.starts_with("*.")) host.remove_prefix(2);
  return !host.empty() && host.find_first_of("/*?#@ ,\"") == std::string_view::npos;
}

bool is_network(std::string_view text) {
  boost::system::error_code error;
  const std::string network(text);
  boost::asio::ip::make_network_v4(network, error);
  if (!error) return true;
  boost::asio::ip::make_network_v6(network, error);
  if (!error) return true;
  boost::asio::ip::make_address(network, error);
  return !error;
}

}  // namespace weft
