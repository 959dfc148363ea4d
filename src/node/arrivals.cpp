#include "node/arrivals.hpp"

#include <algorithm>

#include "transport/upgrade.hpp"
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

void Arrivals::add(std::unique_ptr<PathRule> rule) {
  known_.push_back({PathPattern(rule->path, rule->variables), std::move(rule)});
}

// A page may stand at the path of its own WebSocket, and files below a pattern: a plain GET means
// a WebSocket path only when it names one other than "/" to the letter.
Arrivals::Found Arrivals::find(const transport::HttpRequest& request) const {
  if (!request.wants_websocket) {
    const auto same = std::ranges::find_if(
        known_, [&](const Known& known) { return known.is_exactly(request.path); });
    return {same == known_.end() || request.path == "/" ? nullptr : same->rule.get()};
  }
  const std::string path = normal_path(request.path);
  for (const Known& known : known_)
    if (known.is_exactly(known.rule->ends_with_any_slash ? path : request.path))
      return {known.rule.get()};
  for (const Known& known : known_)
    if (known.pattern.has_variables())
      if (auto parameters = known.pattern.match(path))
        return {known.rule.get(), std::move(*parameters)};
  return {};
}

void Arrivals::on_request(const transport::HttpRequest& request,
                          std::shared_ptr<transport::HttpExchange> exchange) {
  Found found = find(request);
  if (!found.rule && !request.wants_websocket)
    return otherwise_.on_request(request, std::move(exchange));
  if (!found.rule)
    return exchange->respond({.status = 404,
                              .body = "no WebSocket path here: see paths in the configuration\n",
                              .headers = {{"Failure-Reason", "Route not found"}},
                              .close = true});
  if (refuse(*found.rule, request, *exchange)) return;
  if (found.rule->judge) return judge(*found.rule, std::move(found.parameters), exchange);
  Verdict verdict;
  verdict.arrival.parameters = std::move(found.parameters);
  accept(*found.rule, *exchange, std::move(verdict));
}

bool Arrivals::refuse(const PathRule& rule, const transport::HttpRequest& request,
                      transport::HttpExchange& exchange) {
  const auto refuse = [&](transport::HttpResponse response) {
    response.close = true;
    if (rule.judge) rule.judge->on_refused(request, response.status, response.body);
    exchange.respond(std::move(response));
    return true;
  };
  if (draining_)
    return refuse({.status = 503,
                   .body = "this node is stopping: connect again\n",
                   .headers = {{"Retry-After", "1"}}});
  if (!request.wants_websocket ||
      (!names_two_origins(request) &&
       is_origin_allowed(rule.origins, request.header("origin"), request.header("host"))))
    return false;
  bad_origin_.add();
  return refuse({.status = 403,
                 .body = "pages of this origin may not open sockets here "
                         "(client.allowed_origins)\n"});
}

// What breaks the protocol is refused before anybody is asked.
void Arrivals::judge(const PathRule& rule, PathParameters parameters,
                     const std::shared_ptr<transport::HttpExchange>& exchange) {
  const transport::HttpRequest& request = *exchange->request();
  const auto upgrade = transport::judge_upgrade(request, *rule.websocket);
  if (const auto* refusal = std::get_if<transport::UpgradeRefusal>(&upgrade)) {
    rule.judge->on_refused(request, refusal->status, refusal->why);
    return accept(rule, *exchange, {});
  }
  rule.judge->judge(exchange, std::move(parameters), [this, &rule, exchange](Verdict verdict) {
    accept(rule, *exchange, std::move(verdict));
  });
}

void Arrivals::accept(const PathRule& rule, transport::HttpExchange& exchange, Verdict verdict) {
  if (verdict.refusal) return exchange.respond(std::move(*verdict.refusal));
  const transport::HttpRequest* request = exchange.request();
  verdict.arrival.request = request;
  const auto make = [&](transport::Connection& connection) {
    if (rule.judge) rule.judge->on_success(*request);
    return open_session(place_, rule, connection, std::move(verdict.arrival));
  };
  exchange.accept_websocket(rule.websocket, make, verdict.extras);
}

std::unique_ptr<session::Session> open_session(Place& place, const PathRule& rule,
                                               transport::Connection& connection,
                                               session::Arrival arrival) {
  auto session = place.admit(connection, *rule.dialect, rule.max_channels);
  if (!rule.context_key.empty()) session->require_context(rule.context_key, rule.within);
  rule.dialect->on_open(*session, arrival);
  return session;
}

}  // namespace weft
