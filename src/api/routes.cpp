#include "api/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/connmix/json.hpp"
#include "wire/connmix/reply.hpp"
#include "wire/connmix/request.hpp"

namespace weft::api {

using connmix::json_quote;
using transport::HttpExchange;
using transport::HttpRequest;
using transport::HttpResponse;
using Exchange = std::shared_ptr<HttpExchange>;

namespace {

constexpr std::string_view kJson = "application/json";

HttpResponse json(std::string body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = kJson;
  return response;
}

HttpResponse problem(int status, std::string_view message) {
  return json(connmix::error_body(status, message), status);
}

/// connmix answers its own two calls with 200 and says the rest in the body; its users look there.
HttpResponse mesh_error(connmix::ErrorCode code, std::string_view message) {
  return json(connmix::error_body(static_cast<int>(code), message));
}

int status_of(error_code error) {
  if (error == NodeErrc::no_such_connection || error == queue::QueueErrc::no_such_topic) return 404;
  if (error == queue::QueueErrc::full || error == queue::QueueErrc::stopped) return 503;
  return 400;
}

std::string version_body() { return R"({"api":["v1"],"apis":["v1"]})"; }

/// "host" and "port" of "host:port", with or without the brackets of an IPv6 address.
std::pair<std::string, std::string> split(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const bool has_port = colon != address.npos && address.find(']', colon) == address.npos;
  const std::string_view host = has_port ? address.substr(0, colon) : address;
  const std::string_view port = has_port ? address.substr(colon + 1) : "";
  return {std::string(host), std::string(port)};
}

/// One answer for all generations: each reads the keys it knows.
std::string nodes_body(const Node& node, const ApiOptions& options, const HttpRequest& request) {
  std::string address = options.advertise;
  if (address.empty()) {
    const std::string* asked = request.header("host");
    const std::string host = asked ? split(*asked).first : "";
    address = fmt::format("{}:{}", host.empty() ? "127.0.0.1" : host, options.api_port);
  }
  const auto [host, port] = split(address);
  const std::string whole = json_quote(address);
  return fmt::format(R"({{"nodes":[{{"id":{},"ip":{},"port":{},"host":{},"api_server":{}}}]}})",
                     json_quote(node.id()), json_quote(host), port.empty() ? "0" : port, whole,
                     whole);
}

std::string status_body(const NodeStatus& status) {
  return fmt::format(
      R"({{"id":{},"version":{},"uptime":{},"loops":{},"connections":{},"channels":{},"subscriptions":{},)"
      R"("messages_in":{},"messages_out":{},"draining":{}}})",
      json_quote(status.id), json_quote(status.version), status.uptime.count(), status.loops,
      status.connections, status.channels, status.subscriptions, status.messages_in,
      status.messages_out, status.draining);
}

std::string queues_body(const std::vector<queue::TopicStatus>& topics) {
  std::string out = R"({"queues":[)";
  for (const queue::TopicStatus& topic : topics) {
    out += fmt::format(
        R"({}{{"name":{},"items":{},"bytes":{},"unacked":{},"consumers":{},"oldest_ms":{},"pushed":{},"delivered":{},)"
        R"("acked":{},"redelivered":{},"dead":{},"refused":{}}})",
        &topic == &topics.front() ? "" : ",", json_quote(topic.name), topic.items, topic.bytes,
        topic.unacked, topic.consumers, topic.oldest.count(), topic.pushed, topic.delivered,
        topic.acked, topic.redelivered, topic.dead, topic.refused);
  }
  return out += "]}";
}

// --- the calls ---

struct Call {
  Node& node;
  const ApiOptions& options;
  const HttpRequest& request;
  Exchange exchange;

  void respond(HttpResponse response) const { exchange->respond(std::move(response)); }
};

void get_version(const Call& call) { call.respond(json(version_body())); }

void get_nodes(const Call& call) {
  call.respond(json(nodes_body(call.node, call.options, call.request)));
}

void get_metrics(const Call& call) {
  HttpResponse response;
  response.body = call.node.metrics().prometheus();
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  call.respond(std::move(response));
}

void get_healthz(const Call& call) { call.respond(json(R"({"healthy":true})")); }

void get_readyz(const Call& call) {
  std::string list;
  for (const std::string_view reason : call.node.not_ready())
    list += fmt::format(R"({}"{}")", list.empty() ? "" : ",", reason);
  call.respond(json(fmt::format(R"({{"ready":{},"reasons":[{}]}})", list.empty(), list),
                    list.empty() ? 200 : 503));
}

void get_status(const Call& call) {
  call.node.status(call.exchange->loop(), [exchange = call.exchange](const NodeStatus& status) {
    exchange->respond(json(status_body(status)));
  });
}

void get_queues(const Call& call) {
  call.node.queue().status(
      call.exchange->loop(),
      [exchange = call.exchange](const std::vector<queue::TopicStatus>& topics) {
        exchange->respond(json(queues_body(topics)));
      });
}

void publish(const Call& call, const connmix::Publish& publish) {
  call.node.publish(call.exchange->loop(), publish.channel, publish.type,
                    SharedBytes::copy_of(publish.data),
                    [exchange = call.exchange](Result<PublishCount> count) {
                      if (count) return exchange->respond(json(connmix::published_body(*count)));
                      const bool invalid = count.error() == NodeErrc::bad_channel;
                      exchange->respond(mesh_error(invalid ? connmix::ErrorCode::invalid_params
                                                           : connmix::ErrorCode::send_failed,
                                                   count.error().message()));
                    });
}

void post_send(const Call& call) {
  const connmix::Method method = connmix::parse_send(call.request.body);
  if (const auto* refused = std::get_if<connmix::Refused>(&method))
    return call.respond(mesh_error(refused->code, refused->message));
  if (const auto* named = std::get_if<connmix::Publish>(&method)) return publish(call, *named);
  const auto& send = std::get<connmix::Send>(method);
  call.node.send(
      call.exchange->loop(), send.to, send.type, SharedBytes::copy_of(send.data),
      [exchange = call.exchange](error_code error) {
        exchange->respond(error ? mesh_error(connmix::ErrorCode::send_failed, error.message())
                                : json(connmix::sent_body()));
      });
}

void post_publish(const Call& call) {
  const connmix::Method method = connmix::parse_publish(call.request.body);
  if (const auto* refused = std::get_if<connmix::Refused>(&method))
    return call.respond(mesh_error(refused->code, refused->message));
  publish(call, std::get<connmix::Publish>(method));
}

void post_close(const Call& call) {
  const connmix::Method method = connmix::parse_close(call.request.body);
  if (const auto* refused = std::get_if<connmix::Refused>(&method))
    return call.respond(json(connmix::error_body(101, refused->message), 400));
  const auto& close = std::get<connmix::Close>(method);
  call.node.close(
      call.exchange->loop(), close.who, close.code, close.reason,
      [exchange = call.exchange](error_code error) {
        exchange->respond(error ? json(connmix::error_body(301, error.message()), status_of(error))
                                : json(connmix::sent_body()));
      });
}

void post_push(const Call& call) {
  const connmix::Method method = connmix::parse_push(call.request.body);
  if (const auto* refused = std::get_if<connmix::Refused>(&method))
    return call.respond(json(connmix::error_body(101, refused->message), 400));
  const auto& push = std::get<connmix::Push>(method);
  const auto depth =
      call.node.queue().push(push.topic, ConnectionId::none, SharedBytes::copy_of(push.data));
  if (!depth) {
    const auto code = static_cast<int>(connmix::ErrorCode::push_failed);
    return call.respond(json(
        connmix::error_body(code, fmt::format("topic {}: {}", push.topic, depth.error().message())),
        status_of(depth.error())));
  }
  call.respond(json(fmt::format(R"({{"E":null,"r":{{"n":{}}}}})", *depth)));
}

// --- the table ---

enum class Need { nothing, read, write };
enum Port : unsigned { kApi = 1, kDirectory = 2 };

struct Route {
  std::string_view method, path;
  Need need;
  unsigned ports;
  void (*answer)(const Call&);
};

constexpr std::string_view kWebSocketPath = "/ws/v1";
constexpr Route kRoutes[] = {
    {"GET", "/version", Need::read, kApi | kDirectory, get_version},
    {"GET", "/v1/nodes", Need::read, kApi | kDirectory, get_nodes},
    {"GET", "/metrics", Need::read, kApi | kDirectory, get_metrics},
    {"GET", "/healthz", Need::nothing, kApi | kDirectory, get_healthz},
    {"GET", "/readyz", Need::nothing, kApi | kDirectory, get_readyz},
    {"GET", "/v1/status", Need::read, kApi, get_status},
    {"GET", "/v1/queues", Need::read, kApi, get_queues},
    {"POST", "/v1/mesh/send", Need::write, kApi, post_send},
    {"POST", "/v1/mesh/publish", Need::write, kApi, post_publish},
    {"POST", "/v1/conn/close", Need::write, kApi, post_close},
    {"POST", "/v1/queue/push", Need::write, kApi, post_push},
};

std::string paths(unsigned port) {
  std::string all;
  for (const Route& route : kRoutes)
    if (route.ports & port)
      all += fmt::format("{}{} {}", all.empty() ? "" : ", ", route.method, route.path);
  return all;
}

HttpResponse unauthorized() {
  HttpResponse response =
      problem(401, "a username and password are needed (HTTP Basic; api.access.users)");
  response.headers.push_back({"WWW-Authenticate", "Basic realm=\"weft\", charset=\"UTF-8\""});
  return response;
}

/// nullopt: go on.
std::optional<HttpResponse> refuse(const Grant& grant, Need need) {
  if (need == Need::nothing) return std::nullopt;
  if (!grant.known) return unauthorized();
  if (need == Need::read ? grant.read : grant.write) return std::nullopt;
  return problem(403, fmt::format("user {} has no {} role (api.access.users)", grant.username,
                                  need == Need::read ? "read" : "write"));
}

HttpResponse foreign_page() {
  return problem(403, "the Origin header names another host: pages may not use this API");
}

void answer_route(const Call& call, const Access& access, unsigned port) {
  const std::string_view method =
      call.request.method == "HEAD" ? "GET" : std::string_view(call.request.method);
  const auto here = [&](const Route& route) {
    return (route.ports & port) && route.path == call.request.path;
  };
  const auto* route = std::ranges::find_if(kRoutes, here);
  if (route == std::end(kRoutes))
    return call.respond(problem(
        404, fmt::format("no such path {} (there are {})", call.request.path, paths(port))));
  if (route->method != method) {
    HttpResponse response = problem(405, fmt::format("{} takes {}", route->path, route->method));
    response.headers.push_back({"Allow", route->method == "GET" ? "GET, HEAD" : "POST"});
    return call.respond(std::move(response));
  }
  if (!is_own_origin(call.request)) return call.respond(foreign_page());
  const Grant grant = route->need == Need::nothing ? Grant{} : access.grant(call.request);
  if (auto refused = refuse(grant, route->need)) return call.respond(std::move(*refused));
  route->answer(call);
}

}  // namespace

Routes::Routes(Node& node, ApiOptions options, unsigned loops)
    : node_(node),
      options_(std::move(options)),
      access_(options_.users),
      websocket_(std::make_shared<const transport::WebSocketOptions>(
          api_websocket_options(options_.max_message))) {
  for (unsigned i = 0; i < loops; ++i)
    counters_.push_back(std::make_unique<ApiCounters>(node.metrics()));
}

Routes::~Routes() = default;

void Routes::on_request(const HttpRequest& request, Exchange exchange) {
  if (request.path != kWebSocketPath)
    return answer_route({node_, options_, request, std::move(exchange)}, access_, kApi);
  if (!is_own_origin(request)) return exchange->respond(foreign_page());
  const Grant grant = access_.grant(request);
  if (!grant.known) return exchange->respond(unauthorized());
  ApiCounters& counters = *counters_[exchange->loop().index()];
  exchange->accept_websocket(
      websocket_, [this, grant, &counters](transport::Connection& connection) {
        return std::make_unique<ConnmixHandler>(node_, connection, grant, counters);
      });
}

DirectoryRoutes::DirectoryRoutes(Node& node, ApiOptions options)
    : node_(node), options_(std::move(options)), access_(options_.users) {}

void DirectoryRoutes::on_request(const HttpRequest& request, Exchange exchange) {
  answer_route({node_, options_, request, std::move(exchange)}, access_, kDirectory);
}

}  // namespace weft::api
