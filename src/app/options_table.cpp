// The options table, and the rows that no other file has. A new setting is one row here, one field
// in config.hpp, and `WEFT_REGENERATE=1 build/dev/src/app/app_test` for docs/config.md.
#include "app/options_row.hpp"

namespace weft {
namespace {

void add_listener(Table& table, std::string key, ListenConfig& (*get)(Config&), std::string what) {
  table
      .add<Config>(
          key + ".address", [get](Config & c) -> auto& { return get(c).address; },
          what + " Also written as `" + key + ": ADDRESS`.")
      .address()
      .example(key == "listen.clients" ? "\":6790\"" : "\"127.0.0.1:6789\"");
  table
      .add<Config>(
          key + ".certificate", [get](Config & c) -> auto& { return get(c).tls.certificate; },
          "PEM file with the certificate chain; turns TLS on. Read again on SIGHUP.")
      .path()
      .example("/etc/weft/tls/fullchain.pem");
  table
      .add<Config>(
          key + ".key", [get](Config & c) -> auto& { return get(c).tls.key; },
          "PEM file with the certificate's private key. Read again on SIGHUP.")
      .path()
      .example("/etc/weft/tls/privkey.pem");
}

void add_node(Table& t) {
  add_listener(
      t, "listen.clients", [](Config& c) -> ListenConfig& { return c.listen.clients; },
      "Where clients connect: WebSocket and static files. host:port, :port for every interface, "
      "off = not opened.");
  t.add<Config>(
       "listen.clients.share_port", [](Config & c) -> auto& { return c.listen.clients.share_port; },
       "Other weft processes of this user may listen on the same port, for more connections "
       "than "
       "one process may open files; the kernel spreads new connections over them. Give each its "
       "own `node.slot` and `listen.api`; a publication reaches the clients of the process "
       "that was asked.")
      .example("true");
  add_listener(
      t, "listen.api", [](Config& c) -> ListenConfig& { return c.listen.api; },
      "Where workers and back-ends connect. Beyond loopback it needs api.access.users.");
  add_listener(
      t, "listen.directory", [](Config& c) -> ListenConfig& { return c.listen.directory; },
      "Where connmix clients look up the nodes.");
  t.add<Config>(
       "node.name", [](Config & c) -> auto& { return c.node.name; },
       "How people call this node: in lists, logs and events. Empty = the host's name.")
      .example("berlin-1");
  t.add<Config>(
       "node.slot", [](Config & c) -> auto& { return c.node.slot; },
       "This node's place in every connection id. In a cluster 0 = any that is free; there it is "
       "leased, so that no two nodes have one.")
      .range(0, 4095)
      .example("7");
  t.add<Config>(
       "node.loops", [](Config & c) -> auto& { return c.node.loops; },
       "Event-loop threads; 0 = one per core.")
      .range(0, 64)
      .example("4");
  t.add<Config>(
       "node.drain", [](Config & c) -> auto& { return c.node.drain; },
       "On SIGTERM the clients are closed evenly over this time.")
      .range(0, kHour)
      .example("30s");
  t.add<Config>(
       "node.advertise", [](Config & c) -> auto& { return c.node.advertise; },
       "host:port of the API as the directory tells it to workers; empty = listen.api.")
      .address()
      .example("\"10.0.0.5:6789\"");
}

void add_api(Table& t) {
  t.add<Config>(
       "api.max_message", [](Config & c) -> auto& { return c.api.max_message; },
       "Largest message or request body on the API.")
      .bytes(kKiB, kGiB)
      .example("4MiB");
  t.add<AccessUser>(
       "api.access.users[].username", [](AccessUser & u) -> auto& { return u.username; },
       "The name a worker or tool logs in with; \"*\" is anybody without credentials, for old "
       "clients "
       "that cannot send any.")
      .required()
      .example("worker");
  t.add<AccessUser>(
       "api.access.users[].password", [](AccessUser & u) -> auto& { return u.password; },
       "Its password; better from the environment, or password_file.")
      .secret()
      .example("${WORKER_PASSWORD}");
  t.add<AccessUser>(
       "api.access.users[].password_file", [](AccessUser & u) -> auto& { return u.password_file; },
       "File whose first line is the password.")
      .path()
      .example("/run/secrets/worker");
  t.add<AccessUser>(
       "api.access.users[].roles", [](AccessUser & u) -> auto& { return u.roles; },
       "read: consume jobs, watch channels, status and metrics; write: everything else.")
      .one_of({"read", "write"})
      .example("[read]");
  t.add<AccessUser>(
       "api.access.users[].host", [](AccessUser & u) -> auto& { return u.host; },
       "Pattern of the addresses it may come from, with * for any characters.")
      .example("10.0.1.*");
}

void add_log_and_limits(Table& t) {
  t.add<Config>(
       "log.level", [](Config & c) -> auto& { return c.log.level; },
       "The least important lines to write.")
      .one_of({"debug", "info", "warn", "error"})
      .live()
      .example("warn");
  t.add<Config>(
       "log.file", [](Config & c) -> auto& { return c.log.file; },
       "File to append to; empty = standard error.")
      .path()
      .example("/var/log/weft/weft.log");
  t.add<Config>(
       "log.format", [](Config & c) -> auto& { return c.log.format; },
       "text for people, json for machines.")
      .one_of({"text", "json"})
      .example("json");
  t.add<Config>(
       "limits.max_memory", [](Config & c) -> auto& { return c.limits.max_memory; },
       "Above this much memory of the process new connections get 503; 0 = no limit.")
      .bytes(0, 1024 * kGiB)
      .example("2GiB");
  t.add<Config>(
       "limits.max_outbox_total", [](Config & c) -> auto& { return c.limits.max_outbox_total; },
       "How much may wait for clients of this node that do not read, over all; above it those who "
       "get more are treated as when_slow says, as if their own outbox were full.")
      .bytes(1 << 20, 1024 * kGiB)
      .example("2GiB");
}

template <class Item, class Get>
ListOption list_of(std::string key, std::string help, Get get) {
  return {std::move(key),
          std::move(help),
          [get](Config& c) -> void* { return &get(c).emplace_back(); },
          [get](const Config& c) { return get(const_cast<Config&>(c)).size(); },
          [get](Config& c, std::size_t i) -> void* { return &get(c)[i]; },
          [get](Config& c) { get(c).clear(); }};
}

}  // namespace

std::span<const Option> options() {
  static const std::vector<Option> rows = [] {
    Table table;
    add_node(table);
    add_cluster(table);
    add_client(table);
    add_paths(table);
    add_sockets(table);
    add_queues(table);
    add_redis_and_lua(table);
    add_framework(table);
    add_api(table);
    add_workers(table);
    add_log_and_limits(table);
    return table.take();
  }();
  return rows;
}

std::span<const ListOption> option_lists() {
  static const std::vector<ListOption> lists{
      list_of<PathConfig>(
          "paths", "What each path of the client port does.",
          [](Config & c) -> auto& { return c.paths; }),
      list_of<SocketConfig>(
          "sockets",
          "Raw TCP ports whose framing is a Lua script. One package may be 16 times "
          "client.max_message.",
          [](Config & c) -> auto& { return c.sockets; }),
      list_of<EventListenerConfig>(
          "event_listeners",
          "Who gets an event, on every path of dialect events. One event may stand here several "
          "times: all of them get it, in this order.",
          [](Config & c) -> auto& { return c.event_listeners; }),
      list_of<QueueConfig>(
          "queues", "Bounded topics of jobs for workers.",
          [](Config & c) -> auto& { return c.queues; }),
      list_of<RedisConfig>(
          "redis", "Redis servers that scripts may use.",
          [](Config & c) -> auto& { return c.redis; }),
      list_of<AccessUser>(
          "api.access.users", "Who may use the API; none = everybody, on loopback only.",
          [](Config & c) -> auto& { return c.api.users; }),
      list_of<WorkerConfig>(
          "workers", "Programs that weft starts, restarts and stops.",
          [](Config & c) -> auto& { return c.workers; })};
  return lists;
}

}  // namespace weft
