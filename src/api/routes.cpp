#include "api/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/call.hpp"
#include "api/connection_routes.hpp"
#include "api/drain_route.hpp"
#include "api/message_routes.hpp"
#include "api/node_routes.hpp"
#include "api/queue_routes.hpp"
#include "api/user_routes.hpp"
#include "wire/connmix/json.hpp"
#include "wire/connmix/reply.hpp"
#include "wire/connmix/request.hpp"

namespace weft::api {

using connmix::json_quote;
using transport::HttpRequest;
using transport::HttpResponse;

namespace {

/// connmix answers its own two calls with 200 and says the rest in the body; its users look there.
HttpResponse mesh_error(connmix::ErrorCode code, std::string_view message) {
  return json_response(connmix::error_body(static_cast<int>(code), message));
}

int status_of(error_code error) {
  if (error == NodeErrc::unreachable) return 504;
  if (error == NodeErrc::no_such_connection || error == queue::QueueErrc::no_such_topic) return 404;
  if (error == queue::QueueErrc::full || error == queue::QueueErrc::stopped) return 503;
  if (error == queue::QueueErrc::unavailable || error == queue::QueueErrc::timed_out) return 503;
  return 400;
}

std::string version_body() { return R"({"api":["v1"],"apis":["v1"]})"; }

std::string status_body(const NodeStatus& status) {
  return fmt::format(
      R"({{"id":{},"version":{},"uptime":{},"loops":{},"connections":{},"channels":{},"subscriptions":{},)"
      R"("messages_in":{},"messages_out":{},"draining":{}}})",
      json_quote(status.id), json_quote(status.version), status.uptime.count(), status.loops,
      status.connections, status.channels, status.subscriptions, status.messages_in,
      status.messages_out, status.draining);
}

// --- the calls ---

void get_version(const Call& call) { call.respond(json_response(version_body())); }

void get_metrics(const Call& call) {
  HttpResponse response;
  response.body = call.node.metrics().prometheus();
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  call.respond(std::move(response));
}

void get_healthz(const Call& call) { call.respond(json_response(R"({"healthy":true})")); }

void get_readyz(const Call& call) {
  const std::string reasons = reasons_of(call.node);
  const bool ready = reasons == "[]";
  call.respond(json_response(fmt::format(R"({{"ready":{},"reasons":{}}})", ready, reasons),
                             ready ? 200 : 503));
}

void get_status(const Call& call) {
  call.node.status(call.exchange->loop(), [exchange = call.exchange](const NodeStatus& status) {
    exchange->respond(json_response(status_body(status)));
  });
}

void publish(const Call& call, const connmix::Publish& publish) {
  call.node.publish(call.exchange->loop(), publish.channel, publish.type,
                    SharedBytes::copy_of(publish.data),
                    [exchange = call.exchange](Result<PublishCount> count) {
                      if (count)
                        return exchange->respond(json_response(connmix::published_body(*count)));
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
                                : json_response(connmix::sent_body()));
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
    return call.respond(json_response(connmix::error_body(101, refused->message), 400));
  const auto& close = std::get<connmix::Close>(method);
  call.node.close(call.exchange->loop(), close.who, close.code, close.reason,
                  [exchange = call.exchange](error_code error) {
                    exchange->respond(error
                                          ? json_response(connmix::error_body(301, error.message()),
                                                          status_of(error))
                                          : json_response(connmix::sent_body()));
                  });
}

void post_push(const Call& call) {
  const connmix::Method method = connmix::parse_push(call.request.body);
  if (const auto* refused = std::get_if<connmix::Refused>(&method))
    return call.respond(json_response(connmix::error_body(101, refused->message), 400));
  const auto& push = std::get<connmix::Push>(method);
  const auto done = [exchange = call.exchange,
                     topic = push.topic](const Result<std::size_t>& depth) {
    if (depth)
      return exchange->respond(
          json_response(fmt::format(R"({{"E":null,"r":{{"n":{}}}}})", *depth)));
    const auto code = static_cast<int>(connmix::ErrorCode::push_failed);
    const std::string why = fmt::format("topic {}: {}", topic, depth.error().message());
    exchange->respond(json_response(connmix::error_body(code, why), status_of(depth.error())));
  };
  call.node.queue().push(call.exchange->loop(), push.topic, ConnectionId::none,
                         SharedBytes::copy_of(push.data), done);
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
    {"GET", "/v1/cluster", Need::read, kApi | kDirectory, get_cluster},
    {"GET", "/v1/status", Need::read, kApi, get_status},
    {"GET", "/v1/queues", Need::read, kApi, get_queues},
    {"GET", "/v1/queues/{id}/jobs", Need::read, kApi, get_queue_jobs},
    {"POST", "/v1/queues/{id}/retry", Need::write, kApi, post_queue_retry},
    {"POST", "/v1/queues/{id}/purge", Need::write, kApi, post_queue_purge},
    {"GET", "/v1/connections", Need::read, kApi, get_connections},
    {"GET", "/v1/connections/{id}", Need::read, kApi, get_connection},
    {"GET", "/v1/users/{name}", Need::read, kApi, get_user},
    {"GET", "/v1/channels/{name}/presence", Need::read, kApi, get_presence},
    {"POST", "/v1/users/{name}/send", Need::write, kApi, post_user_send},
    {"POST", "/v1/users/{name}/kick", Need::write, kApi, post_user_kick},
    {"POST", "/v1/users/{name}/bind", Need::write, kApi, post_user_bind},
    {"POST", "/v1/users/{name}/unbind", Need::write, kApi, post_user_unbind},
    {"POST", "/v1/mesh/broadcast", Need::write, kApi, post_broadcast},
    {"POST", "/v1/mesh/send", Need::write, kApi, post_send},
    {"POST", "/v1/mesh/publish", Need::write, kApi, post_publish},
    {"POST", "/v1/conn/close", Need::write, kApi, post_close},
    {"POST", "/v1/node/drain", Need::write, kApi, post_drain},
    {"POST", "/v1/queue/push", Need::write, kApi, post_push},
    {"POST", "/v1/queue/messages", Need::write, kApi, post_messages},
    {"GET", "/v1/queue/messages", Need::read, kApi, get_messages},
    {"GET", "/v1/queue/messages/dead", Need::read, kApi, get_dead_messages},
    {"POST", "/v1/queue/messages/dead/retry", Need::write, kApi, post_dead_retry},
    {"POST", "/v1/queue/messages/dead/purge", Need::write, kApi, post_dead_purge},
};

/// Whether `path` is that of a route, which may have one part in {} that stands for any.
bool is_path(std::string_view route, std::string_view path) {
  const std::size_t open = route.find('{');
  if (open == route.npos) return route == path;
  const std::string_view before = route.substr(0, open), after = route.substr(route.find('}') + 1);
  if (!path.starts_with(before)) return false;
  const std::size_t end = std::min(path.find('/', open), path.size());
  return end > open && path.substr(end) == after;
}

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

/// `allowed`: the methods of the path, as "GET, POST".
HttpResponse wrong_method(std::string_view path, const std::string& allowed) {
  HttpResponse response = problem(405, fmt::format("{} takes {}", path, allowed));
  const bool has_get = allowed.find("GET") != allowed.npos;
  response.headers.push_back({"Allow", allowed + (has_get ? ", HEAD" : "")});
  return response;
}

void answer_route(const Call& call, const Access& access, unsigned port) {
  const std::string_view method =
      call.request.method == "HEAD" ? "GET" : std::string_view(call.request.method);
  const auto here = [&](const Route& route) {
    return (route.ports & port) && is_path(route.path, call.request.path);
  };
  const auto* route = std::ranges::find_if(
      kRoutes, [&](const Route& one) { return here(one) && one.method == method; });
  if (route == std::end(kRoutes)) {
    std::string allowed;
    for (const Route& one : kRoutes)
      if (here(one)) (allowed += allowed.empty() ? "" : ", ") += one.method;
    if (!allowed.empty()) return call.respond(wrong_method(call.request.path, allowed));
    return call.respond(problem(
        404, fmt::format("no such path {} (there are {})", call.request.path, paths(port))));
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
  exchange->accept_websocket(websocket_, [this, grant,
                                          &counters](transport::Connection& connection) {
    return std::make_unique<ConnmixHandler>(node_, connection, grant, counters, options_.messages);
  });
}

DirectoryRoutes::DirectoryRoutes(Node& node, ApiOptions options)
    : node_(node), options_(std::move(options)), access_(options_.users) {}

void DirectoryRoutes::on_request(const HttpRequest& request, Exchange exchange) {
  answer_route({node_, options_, request, std::move(exchange)}, access_, kDirectory);
}

}  // namespace weft::api
