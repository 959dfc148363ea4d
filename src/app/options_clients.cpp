// The rows of who connects: `client`, `paths`, `sockets`.
#include "app/options_row.hpp"

namespace weft {
namespace {

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

}  // namespace

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
       "plain: messages as they are; lua: a script decides; events and commands: what "
       "docs/framework.md tells. A path with a script is lua by itself, one with events is events.")
      .one_of({"plain", "lua", "events", "commands"})
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
  add_framework_paths(t);
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

}  // namespace weft
