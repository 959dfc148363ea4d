// Config: everything weft.yaml, the environment and flags can say, as plain values with their
// defaults. Built once at start by load_config() (config_load.hpp), immutable after; a reload
// builds a new one. Where the values come from, their ranges and their documentation stand in the
// options table (options.hpp).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "weft/message.hpp"

namespace weft {

/// A certificate chain and its key, as PEM files; both empty = no TLS.
struct TlsFiles {
  std::string certificate, key;
  bool enabled() const { return !certificate.empty(); }
};

/// "host:port", ":port" for every interface; "" = not opened (the file may also say `off`).
struct ListenConfig {
  std::string address;
  TlsFiles tls = {};
  bool share_port = false;  ///< of `clients` only: other processes may listen there too
  bool enabled() const { return !address.empty(); }
};

enum class WhenSlow : std::uint8_t { close, drop_oldest };
enum class BuiltInAnswer : std::uint8_t { none, echo };
enum class Dialect : std::uint8_t { plain, lua, events, commands };
enum class MessageFormat : std::uint8_t { json, messagepack, raw };
enum class StorageEngine : std::uint8_t { none, memory, redis, sqlite };
enum class QueueEngine : std::uint8_t { memory, sqlite, redis, jetstream };
enum class LuaApi : std::uint8_t { automatic, a, b };
enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

/// What one connection may use. `client.*` says it for all paths, a path or socket may differ.
struct ConnectionLimits {
  std::size_t max_message = 64 << 10;    ///< bytes, after inflating
  std::size_t max_fragments = 1024;      ///< of one message
  std::size_t max_outbox = 1 << 20;      ///< bytes that wait to be sent
  WhenSlow when_slow = WhenSlow::close;  ///< what happens above max_outbox
  Millis ping_interval{25'000};          ///< of silence; 0 = never
  Millis pong_timeout{8'000};
  Millis read_timeout{60'000};  ///< no bytes at all for this long: closed; 0 = never
  bool compression = false;
  bool context_takeover = false;
  std::size_t max_messages_per_second = 0;  ///< 0 = no limit
  std::size_t max_channels = 1000;
};

using OptionPairs = std::map<std::string, std::string>;

/// The connection is closed when its context does not hold `context_key` `within` this time.
struct AuthenticateConfig {
  std::string context_key = {};  ///< "" = nobody has to
  Millis within{10'000};
  bool enabled() const { return !context_key.empty(); }
};

/// One path of the client port: exactly one of `files`, `answer`, `queue`, `subscribe` alone,
/// `script`, or the framework (dialects events and commands) answers it.
struct PathConfig {
  std::string path;
  Dialect dialect = Dialect::plain;
  BuiltInAnswer answer = BuiltInAnswer::none;
  std::string queue = {};                   ///< topic that takes every message
  std::vector<std::string> subscribe = {};  ///< channels every connection of this path gets
  std::string script = {};                  ///< absolute or relative to the process
  LuaApi lua_api = LuaApi::automatic;
  OptionPairs options = {};  ///< mix.server.option(name)
  std::string files = {};    ///< folder of static files; index.html answers "/"
  std::vector<std::string> allowed_origins =
      {};  ///< already `client.allowed_origins` when the path says nothing
  AuthenticateConfig authenticate = {};
  Envelope envelope = Envelope::input_data;  ///< this and the next three: of dialect events
  MessageFormat converter = MessageFormat::json;
  bool error_events = true;  ///< of dialect commands too; false = silence
  OptionPairs events = {};   ///< event → "queue:…", "lua:…", "worker:…"; files are absolute
  ConnectionLimits limits = {};
};

/// A listener of every path with dialect events: who gets `event`.
struct EventListenerConfig {
  std::string event;
  std::string listener;  ///< as the values of PathConfig::events
};

/// Where rows or messages are kept.
struct StorageConfig {
  StorageEngine engine = StorageEngine::memory;
  std::string redis = {};   ///< name of a RedisConfig, "" = the first one
  std::string prefix = {};  ///< of keys in Redis
  std::string file = {};    ///< of SQLite
};

struct MessageQueueConfig : StorageConfig {
  std::size_t max_items = 100'000;
  unsigned max_attempts = 5;
  Millis ttl{0};  ///< of messages that say none; 0 = no end
  Millis visibility{30'000};
};

/// A raw TCP listener whose framing is a Lua script.
struct SocketConfig {
  std::string listen;
  std::string script;
  LuaApi lua_api = LuaApi::automatic;
  OptionPairs options = {};
  TlsFiles tls = {};
  AuthenticateConfig authenticate = {};
  ConnectionLimits limits = {};
};

struct QueueConfig {
  std::string name;
  std::size_t max_items = 2000;
  std::size_t max_bytes = 64 << 20;
  unsigned max_attempts = 5;
  std::string dead_letter = {};  ///< topic, "" = drop and count
  Millis ack_timeout{30'000};
  bool ordered = false;  ///< one job of a connection at a time
  QueueEngine engine = QueueEngine::memory;
  std::string file = {};   ///< of SQLite
  std::string redis = {};  ///< name of a RedisConfig, "" = the cluster's broker, else the first one
  std::string prefix = {};  ///< of keys and streams, "" = the cluster's, else "weft"
  unsigned partitions = 16;
  bool required = true;  ///< not ready while its server is away
};

struct RedisConfig {
  std::string name;
  std::string url;  ///< redis://user:password@host:port/db or rediss://; holds the password when it
                    ///< is in there
  std::string password_file = {};
  std::string password = {};  ///< what password_file holds, "" = the url's
  Millis timeout{5'000};
};

/// Who may use the API. With no user at all everybody may, and then the API binds loopback only.
struct AccessUser {
  std::string username;
  std::string password = {};  ///< what password_file holds, when that is set
  std::string password_file = {};
  std::vector<std::string> roles = {"read",
                                    "write"};  ///< read: jobs, watching, status; write: all else
  std::string host = "*";  ///< pattern of the peer's address: 10.1.*, 127.0.0.1, *
};

/// A child process that weft starts, restarts and stops.
struct WorkerConfig {
  std::string name;
  std::string command;  ///< for /bin/sh -c
  unsigned count = 1;
  std::string directory = {};  ///< its working directory; "" = the configuration file's
  OptionPairs env = {};
};

/// Many nodes as one. Without a url this node is alone.
struct ClusterConfig {
  std::string url = {};     ///< redis://, rediss://, redis+sentinel://, nats://, tls://
  std::string prefix = {};  ///< of everything the broker keeps; keeps applications apart
  std::string password_file = {};
  std::string password = {};      ///< what password_file holds, "" = the url's
  std::string token_file = {};    ///< NATS
  std::string token = {};         ///< what token_file holds
  std::string credentials = {};   ///< NATS: file with a JWT and its key
  std::string certificates = {};  ///< PEM file of who may sign the broker's; "" = the system's
  Millis beat{2'000}, lease{10'000};
  Millis answer_within{500};  ///< of other nodes
  Millis join_within{10'000};
  std::vector<std::string> events = {};    ///< who hears of nodes, users and presence
  std::vector<std::string> messages = {};  ///< who hears of every message of a client
  bool enabled() const { return !url.empty(); }
};

struct PresenceConfig {
  std::vector<std::string> channels = {};  ///< whose comings and goings are told; * is a wildcard
  Millis debounce{2'000};
  bool announce = false;  ///< to the channel itself
};

struct Config {
  struct {
    ListenConfig clients{":6790"};
    ListenConfig api{"127.0.0.1:6789"};
    ListenConfig directory{"127.0.0.1:6787"};
  } listen;

  struct {
    std::string name = {};  ///< for people; "" = the host's name
    unsigned slot =
        0;  ///< 0 to 4095: the node's place in every connection id; in a cluster 0 = any
    unsigned loops = 0;    ///< event-loop threads; 0 = one per core
    Millis drain{10'000};  ///< clients are closed over this time when the node stops
    std::string advertise =
        {};  ///< host:port of the API as the directory tells it; "" = listen.api
  } node;

  ClusterConfig cluster;
  PresenceConfig presence;

  struct {
    std::vector<std::string> allowed_origins = {};  ///< "" = same host; https://a.b, https://*.b, *
    bool require_origin = false;
    std::size_t max_connections = 0;             ///< 0 = what the descriptor limit allows
    std::size_t max_connections_per_ip = 0;      ///< 0 = no limit
    std::size_t max_connection_rate_per_ip = 0;  ///< new connections per second; 0 = no limit
    Millis handshake_timeout{10'000};
    std::size_t max_header_bytes = 16 << 10;
    std::size_t max_headers = 100;
    std::vector<std::string> trusted_proxies = {};  ///< CIDR; they may name the client
    ConnectionLimits limits = {};
  } client;

  std::vector<PathConfig> paths;
  std::vector<EventListenerConfig> event_listeners;
  std::vector<SocketConfig> sockets;
  std::vector<QueueConfig> queues;
  std::size_t max_topics = 100;
  std::vector<RedisConfig> redis;

  struct {
    std::size_t memory = 256 << 20;  ///< per loop
    Millis watchdog{50};             ///< a callback that computes longer is stopped
    Millis wait_timeout{10'000};     ///< of wait_context_value
    bool trusted = false;            ///< os, io, ffi and bytecode
    bool jit = false;                ///< compiled traces cannot be stopped by the watchdog
    Millis reload{10'000};           ///< how often changed scripts are looked for; 0 = never
    std::vector<std::string> module_paths = {};  ///< folders for require(), after the script's own
    std::vector<std::string> http_allow = {};  ///< networks (CIDR) mix.http may reach; empty = all
  } lua;

  struct {
    unsigned task_threads = 4;
    std::size_t max_waiting_tasks = 1000;
    Millis watchdog{100};  ///< of a turn of a loop; 0 = none
  } framework;

  struct {
    StorageConfig connection;
    Millis connection_lease{15'000};
    MessageQueueConfig message_queue;
  } storages;

  struct {
    std::size_t max_message = 1 << 20;
    std::vector<AccessUser> users = {};  ///< api.access.users
  } api;

  std::vector<WorkerConfig> workers;

  struct {
    LogLevel level = LogLevel::info;
    std::string file = {};  ///< "" = standard error
    LogFormat format = LogFormat::text;
  } log;

  struct {
    std::size_t max_memory =
        0;  ///< bytes of the whole process above which new connections get 503; 0 = off
    std::size_t max_outbox_total = 512 << 20;  ///< bytes that wait for clients that do not read
  } limits;

  std::string file = {};  ///< the weft.yaml this came from, "" = none
};

}  // namespace weft
