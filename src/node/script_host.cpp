#include "node/script_host.hpp"

#include "node/plain_dialect.hpp"

namespace weft {
namespace {

constexpr const char* kClosed = "connection closed";

script::Problem problem_of(error_code error) { return error ? error.message() : ""; }

std::pair<std::size_t, script::Problem> depth_or_problem(const Result<std::size_t>& depth) {
  if (depth) return {*depth, ""};
  return {0, depth.error().message()};
}

script::RedisReply to_script(const redis::Reply& reply) {
  script::RedisReply out{
      static_cast<script::RedisReply::Kind>(reply.kind), reply.integer, reply.text, {}};
  for (const redis::Reply& element : reply.list) out.list.push_back(to_script(element));
  return out;
}

}  // namespace

NodeScriptHost::NodeScriptHost(Node& node, Place& place,
                               const std::vector<redis::RedisOptions>& redis,
                               net::CidrList http_allow, queue::TopicLimits topic_defaults)
    : node_(node),
      place_(place),
      redis_options_(redis),
      http_allow_(std::move(http_allow)),
      topic_defaults_(std::move(topic_defaults)) {}

NodeScriptHost::~NodeScriptHost() = default;

// --- the connection
// -----------------------------------------------------------------------------------------------

script::Problem NodeScriptHost::send(ConnectionId id, std::string_view data, DataType type) {
  session::Session* session = place_.find(id);
  return session ? problem_of(error_of(session->connection().send(type, as_bytes(data)))) : kClosed;
}

void NodeScriptHost::close(ConnectionId id, std::uint16_t code, std::string_view reason) {
  if (session::Session* session = place_.find(id)) session->connection().close(code, reason);
}

script::Problem NodeScriptHost::subscribe(ConnectionId id, std::span<const std::string> channels) {
  session::Session* session = place_.find(id);
  return session ? problem_of(place_.subscribe(*session, channels)) : kClosed;
}

script::Problem NodeScriptHost::unsubscribe(ConnectionId id,
                                            std::span<const std::string> channels) {
  session::Session* session = place_.find(id);
  return session ? problem_of(place_.unsubscribe(*session, channels)) : kClosed;
}

std::string NodeScriptHost::remote_addr(ConnectionId id) {
  session::Session* session = place_.find(id);
  return session ? session->connection().remote_addr() : "";
}

void NodeScriptHost::pause_reading(ConnectionId id) {
  if (session::Session* session = place_.find(id)) session->connection().pause();
}

void NodeScriptHost::resume_reading(ConnectionId id) {
  if (session::Session* session = place_.find(id)) session->connection().resume();
}

// --- the mesh and queues
// ------------------------------------------------------------------------------------------

void NodeScriptHost::mesh_send(ConnectionId id, std::string data, DataType type,
                               std::function<void(script::Problem)> done) {
  node_.send(place_.loop(), id, type, SharedBytes::copy_of(data),
             [done = std::move(done)](error_code error) { done(problem_of(error)); });
}

void NodeScriptHost::mesh_publish(std::string channel, std::string data, DataType type,
                                  std::function<void(PublishCount, script::Problem)> done) {
  node_.publish(place_.loop(), channel, type, SharedBytes::copy_of(data),
                [done = std::move(done)](Result<PublishCount> count) {
                  if (count)
                    done(*count, "");
                  else
                    done({}, count.error().message());
                });
}

script::Problem NodeScriptHost::queue_new(std::string_view topic, std::size_t max_items) {
  queue::TopicLimits limits = topic_defaults_;
  limits.max_items = max_items;
  return problem_of(node_.queue().create(topic, limits));
}

std::optional<std::pair<std::size_t, script::Problem>> NodeScriptHost::queue_push(
    std::string_view topic, ConnectionId from, std::string_view json) {
  SharedBytes data = SharedBytes::copy_of(json);
  const auto depth = node_.queue().push_now(topic, from, data);
  if (!depth) return std::nullopt;
  return depth_or_problem(*depth);
}

void NodeScriptHost::queue_push_later(std::string_view topic, ConnectionId from,
                                      std::string_view json,
                                      std::function<void(std::size_t, script::Problem)> done) {
  node_.queue().push_later(place_.loop(), topic, from, SharedBytes::copy_of(json),
                           [done = std::move(done)](const Result<std::size_t>& depth) {
                             auto [items, problem] = depth_or_problem(depth);
                             done(items, std::move(problem));
                           });
}

// --- the outside
// --------------------------------------------------------------------------------------------------

void NodeScriptHost::http_request(script::HttpRequest request,
                                  std::function<void(script::HttpResponse, script::Problem)> done) {
  http_client::HttpRequest out;
  out.method = std::move(request.method);
  out.url = std::move(request.url);
  out.headers = std::move(request.headers);
  out.query = std::move(request.query);
  out.cookies = std::move(request.cookies);
  out.body = std::move(request.body);
  out.basic_auth = std::move(request.basic_auth);
  out.timeout = request.timeout;
  if (!http_allow_.empty())
    out.allow = [allowed = http_allow_](const boost::asio::ip::address& address) {
      return allowed.contains(address);
    };
  http_client::fetch(place_.loop(), std::move(out),
                     [done = std::move(done)](Result<http_client::HttpResponse> response) {
                       if (!response) return done({}, response.error().message());
                       done({response->status, response->url, response->body, response->headers,
                             response->cookies},
                            "");
                     });
}

// Connected when the first script asks; no name means the first of the configuration.
redis::RedisClient* NodeScriptHost::find_redis(std::string_view name) {
  if (name.empty() && !redis_options_.empty()) name = redis_options_.front().name;
  for (NamedRedis& known : redis_)
    if (known.name == name) return known.client.get();
  for (const redis::RedisOptions& options : redis_options_) {
    if (options.name != name) continue;
    redis_.push_back({options.name, std::make_unique<redis::RedisClient>(place_.loop(), options)});
    return redis_.back().client.get();
  }
  return nullptr;
}

void NodeScriptHost::redis_command(std::string connection, std::vector<std::string> words,
                                   std::function<void(script::RedisReply, script::Problem)> done) {
  redis::RedisClient* client = find_redis(connection);
  if (!client)
    return done({}, "no redis connection \"" + connection + "\" in the configuration (redis:)");
  client->command(std::move(words), [done = std::move(done)](Result<redis::Reply> reply) {
    if (reply)
      done(to_script(*reply), "");
    else
      done({}, reply.error().message());
  });
}

bool NodeScriptHost::has_redis(std::string_view connection) {
  for (const redis::RedisOptions& options : redis_options_)
    if (connection.empty() || options.name == connection) return true;
  return false;
}

void NodeScriptHost::stop() { redis_.clear(); }

}  // namespace weft
