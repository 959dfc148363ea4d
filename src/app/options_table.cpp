// The rows of the options table. A new setting is one row here, one field in config.hpp, and
// `WEFT_REGENERATE=1 build/dev/src/app/app_test` for docs/config.md.
#include <type_traits>

#include "app/options.hpp"

namespace weft {
namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr std::uint64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute;

template <class Value>
constexpr OptionType type_of() {
  if constexpr (std::is_same_v<Value, bool>) return OptionType::boolean;
  if constexpr (std::is_same_v<Value, unsigned> || std::is_same_v<Value, std::size_t>)
    return OptionType::integer;
  if constexpr (std::is_same_v<Value, Millis>) return OptionType::duration;
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) return OptionType::texts;
  if constexpr (std::is_same_v<Value, OptionPairs>) return OptionType::pairs;
  if constexpr (std::is_enum_v<Value>) return OptionType::choice;
  return OptionType::text;
}

template <class Value>
Field field_of(Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    static_assert(sizeof(Value) == 1);
    return reinterpret_cast<unsigned char*>(&value);
  } else {
    return &value;
  }
}

/// One row while it is written.
class Row {
 public:
  explicit Row(Option& option) : option_(option) {}
  Row& bytes(std::uint64_t least, std::uint64_t most) {
    option_.type = OptionType::bytes;
    return range(least, most);
  }
  Row& range(std::uint64_t least, std::uint64_t most) {
    option_.least = least;
    option_.most = most;
    return *this;
  }
  Row& address() { return type(OptionType::address); }
  Row& path() {
    return type(option_.type == OptionType::texts ? OptionType::paths : OptionType::path);
  }
  Row& one_of(std::vector<std::string> choices) {
    option_.choices = std::move(choices);
    if (option_.type == OptionType::texts) option_.type = OptionType::choices;
    return *this;
  }
  Row& live() { return option_.live = true, *this; }
  Row& secret() { return option_.secret = true, *this; }
  Row& required() { return option_.required = true, *this; }
  Row& example(std::string text) { return option_.example = std::move(text), *this; }
  Row& inherits(std::string key) { return option_.inherits = std::move(key), *this; }

 private:
  Row& type(OptionType type) { return option_.type = type, *this; }
  Option& option_;
};

class Table {
 public:
  /// `get` takes the item the key stands in (the whole Config, or one path …) and gives its field.
  template <class Item, class Get>
  Row add(std::string key, Get get, std::string help) {
    Option option;
    option.key = std::move(key);
    option.type = type_of<std::remove_reference_t<std::invoke_result_t<Get, Item&>>>();
    option.field = [get](void* item) { return field_of(get(*static_cast<Item*>(item))); };
    option.help = std::move(help);
    rows_.push_back(std::move(option));
    return Row{rows_.back()};
  }
  std::vector<Option> take() { return std::move(rows_); }

 private:
  std::vector<Option> rows_;
};

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

/// The rows of ConnectionLimits, once for `client.`, once for `paths[].`, once for `sockets[].`.
template <class Item>
void add_limits(Table& table, const std::string& prefix) {
  const std::string parent = prefix == "client." ? "" : "client.";
  const auto add = [&](const char* name, auto get, const char* help) {
    Row row = table.add<Item>(
        prefix + name,
        [get](Item & item) -> auto& {
          if constexpr (std::is_same_v<Item, Config>)
            return get(item.client.limits);
          else
            return get(item.limits);
        },
        help);
    if (!parent.empty()) row.inherits(parent + name);
    return row;
  };
  using Limits = ConnectionLimits;
  add(
      "max_outbox", [](Limits & l) -> auto& { return l.max_outbox; },
      "Bytes that may wait for one client that reads slowly.")
      .bytes(kKiB, 4 * kGiB)
      .example("4MiB");
  add(
      "when_slow", [](Limits & l) -> auto& { return l.when_slow; },
      "What happens above max_outbox: the connection is closed, or its oldest waiting messages are "
      "dropped.")
      .one_of({"close", "drop_oldest"})
      .example("drop_oldest");
  add(
      "read_timeout", [](Limits & l) -> auto& { return l.read_timeout; },
      "The connection is closed when no byte came for this long; 0 = never.")
      .range(0, 24 * kHour)
      .example("2m");
  add(
      "max_channels", [](Limits & l) -> auto& { return l.max_channels; },
      "Channels one connection may be subscribed to.")
      .range(0, 1'000'000)
      .example("100");
  if constexpr (std::is_same_v<Item, SocketConfig>) return;  // the rest is WebSocket's
  add(
      "max_message", [](Limits & l) -> auto& { return l.max_message; },
      "Largest message a client may send, after inflating. Beyond it the connection is closed with "
      "1009.")
      .bytes(1, kGiB)
      .example("256KiB");
  add(
      "max_fragments", [](Limits & l) -> auto& { return l.max_fragments; },
      "Most fragments of one message.")
      .range(1, 1'000'000)
      .example("64");
  add(
      "ping_interval", [](Limits & l) -> auto& { return l.ping_interval; },
      "The server pings a client that was silent this long; 0 = never.")
      .range(0, 24 * kHour)
      .example("30s");
  add(
      "pong_timeout", [](Limits & l) -> auto& { return l.pong_timeout; },
      "The connection is closed when a ping stays unanswered this long.")
      .range(100, kHour)
      .example("10s");
  add(
      "compression", [](Limits & l) -> auto& { return l.compression; },
      "Offer permessage-deflate to clients that ask for it.")
      .example("true");
  add(
      "context_takeover", [](Limits & l) -> auto& { return l.context_takeover; },
      "Keep the compression window between messages: a better ratio for about 300 KiB more per "
      "connection.")
      .example("true");
  add(
      "max_messages_per_second", [](Limits & l) -> auto& { return l.max_messages_per_second; },
      "Messages and control frames one client may send per second; 0 = no limit.")
      .range(0, 1'000'000)
      .example("50");
}

/// What paths and sockets share: who answers, in which generation, with which options.
template <class Item>
void add_script(Table& table, const std::string& prefix, const char* script_help) {
  table
      .add<Item>(
          prefix + "script", [](Item & i) -> auto& { return i.script; }, script_help)
      .path()
      .example("lua/entry.lua");
  table
      .add<Item>(
          prefix + "lua_api", [](Item & i) -> auto& { return i.lua_api; },
          "Generation of the script's callbacks; automatic looks at how many parameters on_message "
          "has: 2 = a, 1 = b.")
      .one_of({"automatic", "a", "b"})
      .example("a");
  table
      .add<Item>(
          prefix + "options", [](Item & i) -> auto& { return i.options; },
          "What mix.server.option(name) gives in this script.")
      .example("{ room_size: \"50\" }");
  table
      .add<Item>(
          prefix + "authenticate.context_key",
          [](Item & i) -> auto& { return i.authenticate.context_key; },
          "The connection is closed when its context does not hold this key in time.")
      .example("uid");
  table
      .add<Item>(
          prefix + "authenticate.within", [](Item & i) -> auto& { return i.authenticate.within; },
          "How long a connection has to get that key.")
      .range(100, kHour)
      .example("5s");
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
       "node.slot", [](Config & c) -> auto& { return c.node.slot; },
       "This node's place in every connection id; different on every node that shares clients.")
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

void add_client(Table& t) {
  t.add<Config>(
       "client.allowed_origins", [](Config & c) -> auto& { return c.client.allowed_origins; },
       "Web sites whose pages may connect, such as https://app.example.com or "
       "https://*.example.com; "
       "* = any. Empty = the same host only.")
      .example("[\"https://app.example.com\"]");
  t.add<Config>(
       "client.require_origin", [](Config & c) -> auto& { return c.client.require_origin; },
       "Refuse clients that send no Origin, as programs other than browsers do.")
      .example("true");
  t.add<Config>(
       "client.max_connections", [](Config & c) -> auto& { return c.client.max_connections; },
       "Most client connections; 0 = what the limit of open files allows.")
      .range(0, 10'000'000)
      .example("50000");
  t.add<Config>(
       "client.max_connections_per_ip",
       [](Config & c) -> auto& { return c.client.max_connections_per_ip; },
       "Most connections from one address; 0 = no limit.")
      .range(0, 10'000'000)
      .example("100");
  t.add<Config>(
       "client.max_connection_rate_per_ip",
       [](Config & c) -> auto& { return c.client.max_connection_rate_per_ip; },
       "Most new connections a second from one address; 0 = no limit.")
      .range(0, 10'000'000)
      .example("50");
  t.add<Config>(
       "client.handshake_timeout", [](Config & c) -> auto& { return c.client.handshake_timeout; },
       "A new connection has this long to finish TLS and its first HTTP head.")
      .range(100, 10 * kMinute)
      .example("5s");
  t.add<Config>(
       "client.max_header_bytes", [](Config & c) -> auto& { return c.client.max_header_bytes; },
       "Largest HTTP head.")
      .bytes(512, kMiB)
      .example("32KiB");
  t.add<Config>(
       "client.max_headers", [](Config & c) -> auto& { return c.client.max_headers; },
       "Most header lines in one HTTP head.")
      .range(8, 10'000)
      .example("64");
  t.add<Config>(
       "client.trusted_proxies", [](Config & c) -> auto& { return c.client.trusted_proxies; },
       "Networks (CIDR) of proxies that may name the client, by X-Forwarded-For or a PROXY header; "
       "limits per address count the proxy.")
      .example("[10.0.0.0/8]");
  add_limits<Config>(t, "client.");
}

void add_paths(Table& t) {
  t.add<PathConfig>(
       "paths[].path", [](PathConfig & p) -> auto& { return p.path; },
       "The URL path, beginning with /. A path with `files` also serves everything below it.")
      .required()
      .example("/chat");
  t.add<PathConfig>(
       "paths[].dialect", [](PathConfig & p) -> auto& { return p.dialect; },
       "plain: messages as they are; lua: a script decides. A path with a script is lua by itself.")
      .one_of({"plain", "lua"})
      .example("lua");
  t.add<PathConfig>(
       "paths[].answer", [](PathConfig & p) -> auto& { return p.answer; },
       "A built-in answer: echo sends every message back.")
      .one_of({"none", "echo"})
      .example("echo");
  t.add<PathConfig>(
       "paths[].queue", [](PathConfig & p) -> auto& { return p.queue; },
       "Every message becomes a job in this queue.")
      .example("chat");
  t.add<PathConfig>(
       "paths[].subscribe", [](PathConfig & p) -> auto& { return p.subscribe; },
       "Channels that every connection of this path is subscribed to.")
      .example("[feed]");
  t.add<PathConfig>(
       "paths[].files", [](PathConfig & p) -> auto& { return p.files; },
       "A folder of static files to serve.")
      .path()
      .example("web");
  add_script<PathConfig>(t, "paths[].", "The Lua script that answers this path.");
  t.add<PathConfig>(
       "paths[].allowed_origins", [](PathConfig & p) -> auto& { return p.allowed_origins; },
       "As client.allowed_origins, for this path.")
      .inherits("client.allowed_origins")
      .example("[\"*\"]");
  add_limits<PathConfig>(t, "paths[].");
}

void add_sockets(Table& t) {
  t.add<SocketConfig>(
       "sockets[].listen", [](SocketConfig & s) -> auto& { return s.listen; },
       "Where this raw TCP port listens.")
      .address()
      .required()
      .example("\":6791\"");
  add_script<SocketConfig>(t, "sockets[].",
                           "The Lua script that cuts the bytes into messages and answers them.");
  t.add<SocketConfig>(
       "sockets[].certificate", [](SocketConfig & s) -> auto& { return s.tls.certificate; },
       "PEM file with the certificate chain; turns TLS on. Read again on SIGHUP.")
      .path()
      .example("/etc/weft/tls/fullchain.pem");
  t.add<SocketConfig>(
       "sockets[].key", [](SocketConfig & s) -> auto& { return s.tls.key; },
       "PEM file with the certificate's private key. Read again on SIGHUP.")
      .path()
      .example("/etc/weft/tls/privkey.pem");
  add_limits<SocketConfig>(t, "sockets[].");
}

void add_queues(Table& t) {
  t.add<QueueConfig>(
       "queues[].name", [](QueueConfig & q) -> auto& { return q.name; }, "The topic's name.")
      .required()
      .example("chat");
  t.add<QueueConfig>(
       "queues[].max_items", [](QueueConfig & q) -> auto& { return q.max_items; },
       "Jobs that may wait; a push beyond it is refused.")
      .range(1, 100'000'000)
      .example("10000");
  t.add<QueueConfig>(
       "queues[].max_bytes", [](QueueConfig & q) -> auto& { return q.max_bytes; },
       "Bytes of jobs that may wait.")
      .bytes(kKiB, 64 * kGiB)
      .example("256MiB");
  t.add<QueueConfig>(
       "queues[].max_attempts", [](QueueConfig & q) -> auto& { return q.max_attempts; },
       "Deliveries of one job before it goes to dead_letter.")
      .range(1, 1000)
      .example("3");
  t.add<QueueConfig>(
       "queues[].dead_letter", [](QueueConfig & q) -> auto& { return q.dead_letter; },
       "The queue that takes jobs nobody could do; empty = they are dropped and counted.")
      .example("chat_dead");
  t.add<QueueConfig>(
       "queues[].ack_timeout", [](QueueConfig & q) -> auto& { return q.ack_timeout; },
       "A job that is not acknowledged in this time is delivered again.")
      .range(100, 24 * kHour)
      .example("1m");
  t.add<Config>(
       "max_topics", [](Config & c) -> auto& { return c.max_topics; },
       "Most topics of all queues together, those that scripts create included.")
      .range(1, 100'000)
      .example("500");
}

void add_redis_and_lua(Table& t) {
  t.add<RedisConfig>(
       "redis[].name", [](RedisConfig & r) -> auto& { return r.name; },
       "What mix.redis.connection(name) asks for.")
      .required()
      .example("default");
  t.add<RedisConfig>(
       "redis[].url", [](RedisConfig & r) -> auto& { return r.url; },
       "redis://user:password@host:port/db, or rediss:// for TLS.")
      .required()
      .secret()
      .example("redis://127.0.0.1:6379/0");
  t.add<RedisConfig>(
       "redis[].password_file", [](RedisConfig & r) -> auto& { return r.password_file; },
       "File whose first line is the password.")
      .path()
      .example("/run/secrets/redis");
  t.add<RedisConfig>(
       "redis[].timeout", [](RedisConfig & r) -> auto& { return r.timeout; },
       "Of connecting, and of one command.")
      .range(10, 10 * kMinute)
      .example("2s");
  t.add<Config>(
       "lua.memory", [](Config & c) -> auto& { return c.lua.memory; },
       "Memory of all scripts of one loop.")
      .bytes(4 * kMiB, 2 * kGiB)
      .example("64MiB");
  t.add<Config>(
       "lua.watchdog", [](Config & c) -> auto& { return c.lua.watchdog; },
       "A callback that computes longer than this is stopped.")
      .range(1, kMinute)
      .example("100ms");
  t.add<Config>(
       "lua.wait_timeout", [](Config & c) -> auto& { return c.lua.wait_timeout; },
       "conn:wait_context_value gives up after this.")
      .range(10, kHour)
      .example("30s");
  t.add<Config>(
       "lua.trusted", [](Config & c) -> auto& { return c.lua.trusted; },
       "Scripts may use os, io, ffi and bytecode: anything this process may.")
      .example("true");
  t.add<Config>(
       "lua.jit", [](Config & c) -> auto& { return c.lua.jit; },
       "Compile scripts to machine code; then the watchdog cannot stop a runaway loop.")
      .example("true");
  t.add<Config>(
       "lua.reload", [](Config & c) -> auto& { return c.lua.reload; },
       "How often changed scripts are looked for; 0 = never. `weft dev` reloads when a file is "
       "saved.")
      .range(0, 24 * kHour)
      .example("1s");
  t.add<Config>(
       "lua.module_paths", [](Config & c) -> auto& { return c.lua.module_paths; },
       "Folders where require() looks after the script's own.")
      .path()
      .example("[lua/modules]");
  t.add<Config>(
       "lua.http_allow", [](Config & c) -> auto& { return c.lua.http_allow; },
       "Networks (CIDR) that mix.http.request may reach; empty = all.")
      .example("[10.1.0.0/16]");
}

void add_rest(Table& t) {
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
  t.add<WorkerConfig>(
       "workers[].name", [](WorkerConfig & w) -> auto& { return w.name; }, "Its name in the log.")
      .required()
      .example("chat");
  t.add<WorkerConfig>(
       "workers[].command", [](WorkerConfig & w) -> auto& { return w.command; },
       "What to run, by /bin/sh -c.")
      .required()
      .example("php worker.php");
  t.add<WorkerConfig>(
       "workers[].count", [](WorkerConfig & w) -> auto& { return w.count; }, "How many processes.")
      .range(0, 1000)
      .example("4");
  t.add<WorkerConfig>(
       "workers[].directory", [](WorkerConfig & w) -> auto& { return w.directory; },
       "Their working directory; empty = where weft.yaml lies.")
      .path()
      .example("worker");
  t.add<WorkerConfig>(
       "workers[].env", [](WorkerConfig & w) -> auto& { return w.env; },
       "Environment variables for them; also set: WEFT_API, WEFT_DIRECTORY, WEFT_WORKER_NAME, "
       "WEFT_WORKER_NUMBER.")
      .secret()
      .example("{ APP_ENV: production }");
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
    add_client(table);
    add_paths(table);
    add_sockets(table);
    add_queues(table);
    add_redis_and_lua(table);
    add_rest(table);
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
