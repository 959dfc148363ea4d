// What Lua asks of the house, answered for one loop: its own connections directly, everything else
// through Node.
#pragma once
#include <map>
#include <memory>

#include "driver/http/client.hpp"
#include "driver/redis/client.hpp"
#include "net/cidr.hpp"
#include "node/node.hpp"
#include "node/place.hpp"
#include "script/host.hpp"

namespace weft {

class NodeScriptHost final : public script::ScriptHost {
 public:
  /// `redis` by name; the first is the one scripts get that name none. `http_allow` empty = every
  /// address.
  NodeScriptHost(Node& node, Place& place, const std::vector<redis::RedisOptions>& redis,
                 net::CidrList http_allow, queue::TopicLimits topic_defaults);
  ~NodeScriptHost() override;

  script::Problem send(ConnectionId id, std::string_view data, DataType type) override;
  void close(ConnectionId id, std::uint16_t code, std::string_view reason) override;
  script::Problem subscribe(ConnectionId id, std::span<const std::string> channels) override;
  script::Problem unsubscribe(ConnectionId id, std::span<const std::string> channels) override;
  std::string remote_addr(ConnectionId id) override;
  void pause_reading(ConnectionId id) override;
  void resume_reading(ConnectionId id) override;
  void mesh_send(ConnectionId id, std::string data, DataType type,
                 std::function<void(script::Problem)> done) override;
  void mesh_publish(std::string channel, std::string data, DataType type,
                    std::function<void(PublishCount, script::Problem)> done) override;
  void mesh_send_user(std::string user, std::string data, DataType type, Counted done) override;
  void mesh_send_all(std::string data, DataType type, Counted done) override;
  void mesh_kick(std::string user, std::uint16_t code, std::string reason, Counted done) override;
  void mesh_bind(ConnectionId id, std::string user, OtherConnections others, Counted done) override;
  void mesh_unbind(ConnectionId id, std::string user, Done done) override;
  void mesh_subscribe(ConnectionId id, std::vector<std::string> channels, Done done) override;
  void mesh_unsubscribe(ConnectionId id, std::vector<std::string> channels, Done done) override;
  void mesh_set_context(ConnectionId id, std::string json, Done done) override;
  void mesh_close(ConnectionId id, std::uint16_t code, std::string reason, Done done) override;
  void mesh_presence(std::string channel, Told done) override;
  void mesh_connections(std::string user, Told done) override;
  void mesh_nodes(Told done) override;
  script::Problem queue_new(std::string_view topic, std::size_t max_items) override;
  std::optional<std::pair<std::size_t, script::Problem>> queue_push(std::string_view topic,
                                                                    ConnectionId from,
                                                                    std::string_view json) override;
  void queue_push_later(std::string_view topic, ConnectionId from, std::string_view json,
                        std::function<void(std::size_t, script::Problem)> done) override;
  void http_request(script::HttpRequest request,
                    std::function<void(script::HttpResponse, script::Problem)> done) override;
  void redis_command(std::string connection, std::vector<std::string> words,
                     std::function<void(script::RedisReply, script::Problem)> done) override;
  bool has_redis(std::string_view connection) override;
  std::string node_id() override { return node_.id(); }

  /// On the loop, before it stops: connections to Redis end here.
  void stop();

 private:
  struct NamedRedis {
    std::string name;
    std::unique_ptr<redis::RedisClient> client;
  };
  redis::RedisClient* find_redis(std::string_view name);

  Node& node_;
  Place& place_;
  std::vector<redis::RedisOptions> redis_options_;
  std::vector<NamedRedis> redis_;
  net::CidrList http_allow_;
  queue::TopicLimits topic_defaults_;
};

}  // namespace weft
