#include "api/connection_routes.hpp"

#include <fmt/format.h>

#include <chrono>

#include "node/mesh_text.hpp"
#include "wire/connmix/json.hpp"
#include "wire/connmix/request.hpp"

namespace weft::api {
namespace {

using connmix::json_quote;

constexpr int kBadRequest = static_cast<int>(connmix::ErrorCode::invalid_params);

std::string object_of(const ConnectionInfo& one) { return "{" + members_of(one) + "}"; }

std::string page_body(const ConnectionPage& page) {
  std::string items;
  for (const ConnectionInfo& one : page.items) items += (items.empty() ? "" : ",") + object_of(one);
  const bool has_next = page.more && !page.items.empty();
  return fmt::format(R"({{"connections":[{}],"next":"{}"}})", items,
                     has_next ? to_string(page.items.back().id) : "");
}

}  // namespace

void get_connections(const Call& call) {
  const auto limit = page_limit(call.request.query);
  if (!limit)
    return call.respond(problem(400, fmt::format("limit must be 1 to {}", kMaxPage), kBadRequest));
  ConnectionId after = ConnectionId::none;
  const std::string cursor = query_value(call.request.query, "cursor").value_or("");
  if (!cursor.empty()) {
    const auto id = parse_connection_id(cursor);
    if (!id) return call.respond(problem(400, "cursor is not one that a list gave", kBadRequest));
    after = *id;
  }
  call.node.connections(call.exchange->loop(), after, *limit,
                        [exchange = call.exchange](const ConnectionPage& page) {
                          exchange->respond(json_response(page_body(page)));
                        });
}

void get_connection(const Call& call) {
  const std::string_view digits =
      std::string_view(call.request.path).substr(std::string_view("/v1/connections/").size());
  const auto id = parse_connection_id(digits);
  if (!id) return call.respond(problem(400, "a connection's id is a number", kBadRequest));
  call.node.connection(call.exchange->loop(), *id,
                       [exchange = call.exchange](const std::optional<ConnectionInfo>& info) {
                         exchange->respond(info ? json_response(object_of(*info))
                                                : problem(404, "no such connection"));
                       });
}

}  // namespace weft::api
