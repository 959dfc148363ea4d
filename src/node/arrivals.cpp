#include "node/arrivals.hpp"

#include <algorithm>

#include "wire/http/header.hpp"

namespace weft {
namespace {

// A browser sends one Origin. Of two, who stands before us may have judged the other.
bool names_two_origins(const transport::HttpRequest& request) {
  return std::count_if(request.headers.begin(), request.headers.end(), [](const auto& header) {
           return http::equals_ignoring_case(header.name, "origin");
         }) > 1;
}

}  // namespace

Arrivals::Arrivals(Place& place, transport::RequestHandler& otherwise, metrics::Registry& metrics)
    : place_(place),
      otherwise_(otherwise),
      bad_origin_(metrics.counter("weft_handshake_rejected_total",
                                  "requests and handshakes refused, by reason",
                                  "reason=\"origin\"")) {}

void Arrivals::on_request(const transport::HttpRequest& request,
                          std::shared_ptr<transport::HttpExchange> exchange) {
  const auto found = std::find_if(rules_.begin(), rules_.end(),
                                  [&](const auto& rule) { return rule->path == request.path; });
  // A page may stand at the path of its own WebSocket: a plain GET is a file's.
  if (found == rules_.end() || (!request.wants_websocket && request.path == "/"))
    return otherwise_.on_request(request, std::move(exchange));
  if (draining_)
    return exchange->respond({.status = 503,
                              .body = "this node is stopping: connect again\n",
                              .headers = {{"Retry-After", "1"}},
                              .close = true});
  const PathRule& rule = **found;
  if (request.wants_websocket &&
      (names_two_origins(request) ||
       !is_origin_allowed(rule.origins, request.header("origin"), request.header("host")))) {
    bad_origin_.add();
    return exchange->respond(
        {.status = 403,
         .body = "pages of this origin may not open sockets here (client.allowed_origins)\n",
         .headers = {},
         .close = true});
  }
  exchange->accept_websocket(rule.websocket, [&](transport::Connection& connection) {
    return open_session(place_, rule, connection, &request);
  });
}

std::unique_ptr<session::Session> open_session(Place& place, const PathRule& rule,
                                               transport::Connection& connection,
                                               const transport::HttpRequest* request) {
  auto session = place.admit(connection, *rule.dialect, rule.max_channels);
  if (!rule.context_key.empty()) session->require_context(rule.context_key, rule.within);
  rule.dialect->on_open(*session, request);
  return session;
}

}  // namespace weft
