// ScriptHost: everything Lua may ask of the house. The script room declares it and knows nothing
// behind it; node/script_host.cpp implements it. One host per loop; every call and every completion
// runs on that loop.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/nodes.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft::script {

/// "" = fine, else what went wrong in words a script author understands.
using Problem = std::string;

struct HttpRequest {
  std::string method, url;
  std::vector<std::pair<std::string, std::string>> headers, query, cookies;
  std::string body;
  std::optional<std::pair<std::string, std::string>> basic_auth;  ///< user name, password
  std::chrono::milliseconds timeout{5000};
};

struct HttpResponse {
  int status = 0;
  std::string url, body;
  std::vector<std::pair<std::string, std::string>> headers, cookies;
};

/// One answer of Redis. Errors of the server are an `error` here; a lost connection is a Problem
/// beside it.
struct RedisReply {
  enum class Kind { nil, integer, text, error, list } kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;  ///< of text and error
  std::vector<RedisReply> list;
};

class ScriptHost {
 public:
  virtual ~ScriptHost() = default;

  // --- the connection itself; it lives on this loop. Problem "connection closed" when it is gone.
  // ---
  /// One message through the connection's own framing: a WebSocket frame on a websocket listener,
  /// raw bytes on a socket listener.
  virtual Problem send(ConnectionId id, std::string_view data, DataType type) = 0;
  virtual void close(ConnectionId id, std::uint16_t code, std::string_view reason) = 0;
  virtual Problem subscribe(ConnectionId id, std::span<const std::string> channels) = 0;
  virtual Problem unsubscribe(ConnectionId id, std::span<const std::string> channels) = 0;
  virtual std::string remote_addr(ConnectionId id) = 0;  ///< "ip:port", "" when unknown
  virtual void pause_reading(ConnectionId id) = 0;       ///< TCP pushes back until resume_reading
  virtual void resume_reading(ConnectionId id) = 0;

  // --- the mesh: any connection, any channel. `done` runs later or before the call returns. ---
  virtual void mesh_send(ConnectionId id, std::string data, DataType type,
                         std::function<void(Problem)> done) = 0;
  virtual void mesh_publish(std::string channel, std::string data, DataType type,
                            std::function<void(PublishCount, Problem)> done) = 0;

  // --- the same for users, everybody and who is where; `json`: text of the answer ---
  using Done = std::function<void(Problem)>;
  using Counted = std::function<void(PublishCount, Problem)>;
  using Told = std::function<void(std::string json, Problem)>;
  virtual void mesh_send_user(std::string user, std::string data, DataType type, Counted done) = 0;
  virtual void mesh_send_all(std::string data, DataType type, Counted done) = 0;
  virtual void mesh_kick(std::string user, std::uint16_t code, std::string reason,
                         Counted done) = 0;
  virtual void mesh_bind(ConnectionId id, std::string user, OtherConnections others,
                         Counted done) = 0;
  virtual void mesh_unbind(ConnectionId id, std::string user, Done done) = 0;
  virtual void mesh_subscribe(ConnectionId id, std::vector<std::string> channels, Done done) = 0;
  virtual void mesh_unsubscribe(ConnectionId id, std::vector<std::string> channels, Done done) = 0;
  virtual void mesh_set_context(ConnectionId id, std::string json, Done done) = 0;
  virtual void mesh_close(ConnectionId id, std::uint16_t code, std::string reason, Done done) = 0;
  virtual void mesh_presence(std::string channel, Told done) = 0;
  virtual void mesh_connections(std::string user, Told done) = 0;
  virtual void mesh_nodes(Told done) = 0;

  // --- queues ---
  virtual Problem queue_new(std::string_view topic, std::size_t max_items) = 0;
  /// `json`: the value as JSON text. Gives the topic's depth after the push; Problem when full or
  /// unknown. nullopt: nothing was done, the topic's engine has to be asked.
  virtual std::optional<std::pair<std::size_t, Problem>> queue_push(std::string_view topic,
                                                                    ConnectionId from,
                                                                    std::string_view json) = 0;
  virtual void queue_push_later(std::string_view topic, ConnectionId from, std::string_view json,
                                std::function<void(std::size_t, Problem)> done) = 0;

  // --- the outside, without blocking the loop ---
  virtual void http_request(HttpRequest request,
                            std::function<void(HttpResponse, Problem)> done) = 0;
  /// `connection`: a name from the configuration; "" = the first one.
  virtual void redis_command(std::string connection, std::vector<std::string> words,
                             std::function<void(RedisReply, Problem)> done) = 0;
  virtual bool has_redis(std::string_view connection) = 0;
  /// This node's id as it stands in events (`n`).
  virtual std::string node_id() = 0;
};

}  // namespace weft::script
