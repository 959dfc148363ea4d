#include "app/convert.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "app/event_target.hpp"

namespace weft {
namespace {

// Descriptors for logs, scripts, loops, Redis and the like, beside those of clients.
constexpr std::size_t kOwnDescriptors = 200;

std::size_t descriptors_for_clients() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return limit.rlim_cur > 2 * kOwnDescriptors ? limit.rlim_cur - kOwnDescriptors
                                              : limit.rlim_cur / 2;
}

bool has_role(const AccessUser& user, const char* role) {
  return std::find(user.roles.begin(), user.roles.end(), role) != user.roles.end();
}

}  // namespace

transport::WebSocketOptions websocket_options(const ConnectionLimits& limits) {
  transport::WebSocketOptions out;
  out.max_message = limits.max_message;
  out.max_fragments = limits.max_fragments;
  out.max_outbox = limits.max_outbox;
  out.when_slow = limits.when_slow == WhenSlow::close ? transport::SlowPolicy::close
                                                      : transport::SlowPolicy::drop_oldest;
  out.ping_interval = limits.ping_interval;
  out.pong_timeout = limits.pong_timeout;
  out.read_timeout = limits.read_timeout;
  out.compression = limits.compression;
  out.context_takeover = limits.context_takeover;
  out.max_messages_per_second = limits.max_messages_per_second;
  return out;
}

Codec shipped_codec(const PathConfig& path) {
  const char* name = path.converter == MessageFormat::json          ? "json"
                     : path.converter == MessageFormat::messagepack ? "messagepack"
                                                                    : "raw";
  return Codec::shipped(path.envelope, name).value();
}

namespace {

/// `name`: of an event, "*" = every one.
framework::Route route_to(const std::string& name, const std::string& text) {
  const std::string event = name == "*" ? "" : name;
  const auto target = parse_event_target(text);
  if (!target) throw std::runtime_error("event \"" + name + "\": nobody is " + text);
  if (target->kind == EventTarget::Kind::lua) return {event, "", target->name, target->function};
  const bool is_queue = target->kind == EventTarget::Kind::queue;
  return {event, is_queue ? target->name : worker_topic(target->name)};
}

std::vector<framework::Route> routes_to(const std::vector<std::string>& targets) {
  std::vector<framework::Route> routes;
  for (const std::string& target : targets) routes.push_back(route_to("*", target));
  return routes;
}

}  // namespace

std::vector<framework::Route> event_routes(const Config& config, const PathConfig& path) {
  std::vector<framework::Route> routes;
  for (const auto& [event, target] : path.events) routes.push_back(route_to(event, target));
  for (const EventListenerConfig& one : config.event_listeners)
    routes.push_back(route_to(one.event, one.listener));
  return routes;
}

std::vector<framework::Route> cluster_event_routes(const Config& config) {
  return routes_to(config.cluster.events);
}

std::vector<framework::Route> message_routes(const Config& config) {
  return routes_to(config.cluster.messages);
}

transport::DoorOptions client_door(const Config& config) {
  transport::DoorOptions out;
  out.head.max_bytes = config.client.max_header_bytes;
  out.head.max_target = config.client.max_header_bytes / 2;
  out.head.max_headers = config.client.max_headers;
  out.head_timeout = config.client.handshake_timeout;
  out.first_byte_timeout = std::min(config.client.handshake_timeout, Millis(5000));
  out.max_body = 64 << 10;
  out.trusted_proxies = net::CidrList(config.client.trusted_proxies);
  return out;
}

transport::DoorOptions api_door(const Config& config) {
  transport::DoorOptions out;
  out.max_body = config.api.max_message;
  return out;
}

net::GateLimits gate_limits(const Config& config) {
  net::GateLimits out;
  out.max_connections =
      config.client.max_connections ? config.client.max_connections : descriptors_for_clients();
  out.max_per_address = config.client.max_connections_per_ip;
  out.max_rate_per_address = config.client.max_connection_rate_per_ip;
  out.max_memory = config.limits.max_memory;
  return out;
}

queue::TopicLimits topic_limits(const QueueConfig& config) {
  queue::TopicLimits out;
  out.max_items = config.max_items;
  out.max_bytes = config.max_bytes;
  out.max_attempts = config.max_attempts;
  out.dead_letter = config.dead_letter;
  out.ack_timeout = config.ack_timeout;
  out.ordered = config.ordered;
  return out;
}

script::VmLimits vm_limits(const Config& config) {
  script::VmLimits out;
  out.memory = config.lua.memory;
  out.watchdog = config.lua.watchdog;
  out.wait_timeout = config.lua.wait_timeout;
  out.max_package = config.client.limits.max_message * 16;
  out.trusted = config.lua.trusted;
  out.jit = config.lua.jit;
  out.module_paths = config.lua.module_paths;
  return out;
}

script::Api script_api(LuaApi api) {
  switch (api) {
    case LuaApi::automatic:
      break;
    case LuaApi::a:
      return script::Api::a;
    case LuaApi::b:
      return script::Api::b;
  }
  return script::Api::automatic;
}

std::vector<redis::RedisOptions> redis_options(const Config& config) {
  std::vector<redis::RedisOptions> all;
  for (const RedisConfig& one : config.redis) {
    auto options = redis::parse_url(one.url);
    if (!options)
      throw std::runtime_error("redis \"" + one.name +
                               "\": the url must be redis://host:port/db or rediss://…");
    options->name = one.name;
    options->timeout = one.timeout;
    if (!one.password.empty()) options->password = one.password;
    all.push_back(std::move(*options));
  }
  return all;
}

api::ApiOptions api_options(const Config& config, std::uint16_t api_port) {
  api::ApiOptions out;
  for (const AccessUser& user : config.api.users) {
    api::AccessUser converted;
    converted.username = user.username;
    converted.password = user.password;
    converted.read = has_role(user, "read");
    converted.write = has_role(user, "write");
    converted.host = user.host;
    out.users.push_back(std::move(converted));
  }
  out.advertise = config.node.advertise;
  out.api_port = api_port;
  out.max_message = config.api.max_message;
  return out;
}

namespace {

/// PATH with this binary's folder in front: `weft` in a worker's command is the weft that runs it.
std::string path_with_us() {
  std::error_code error;
  const auto binary = std::filesystem::read_symlink("/proc/self/exe", error);
  const char* path = std::getenv("PATH");
  const std::string rest = path ? path : "/usr/local/bin:/usr/bin:/bin";
  return error ? rest : binary.parent_path().string() + ":" + rest;
}

}  // namespace

std::vector<worker::WorkerSpec> worker_specs(const Config& config, const std::string& directory,
                                             const std::string& api) {
  std::vector<worker::WorkerSpec> all;
  const std::string folder = std::filesystem::path(config.file).parent_path().string();
  for (const WorkerConfig& one : config.workers) {
    worker::WorkerSpec spec{one.name, one.command, one.directory.empty() ? folder : one.directory,
                            one.count, one.env};
    spec.environment.emplace("WEFT_DIRECTORY", directory);
    spec.environment.emplace("WEFT_API", api);
    spec.environment.emplace("PATH", path_with_us());
    const std::string topic = worker_topic(one.name);
    if (std::ranges::find(config.queues, topic, &QueueConfig::name) != config.queues.end())
      spec.environment.emplace("WEFT_TOPIC", topic);
    all.push_back(std::move(spec));
  }
  return all;
}

}  // namespace weft
