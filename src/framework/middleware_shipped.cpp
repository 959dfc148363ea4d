// Middleware for everybody: let in, by origin, by rate.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "framework/rate_table.hpp"
#include "node/origin.hpp"
#include "weft/middleware.hpp"
#include "wire/http/header.hpp"

namespace weft::middleware {
namespace {

Task<HandshakeResult> refuse(Refusal refusal) { co_return refusal; }

// A browser sends one Origin. Of two, who stands before us may have judged the other.
bool names_two_origins(const Request& request) {
  return std::ranges::count_if(request.headers, [](const Header& header) {
           return http::equals_ignoring_case(header.name, "origin");
         }) > 1;
}

// Shared by all loops: a handshake is rare enough for a lock.
struct SharedRates {
  SharedRates(double per_second, double burst) : table(per_second, burst) {}
  std::mutex mutex;
  framework::RateTable table;
};

}  // namespace

HandshakeMiddleware allow() {
  return [](Handshake&, HandshakeNext next) { return next(); };
}

HandshakeMiddleware origin(std::vector<std::string> allowed, bool required) {
  return [rules = OriginRules{std::move(allowed), required}](Handshake& handshake,
                                                             HandshakeNext next) {
    const Request& request = handshake.request;
    if (!names_two_origins(request) &&
        is_origin_allowed(rules, request.header("origin"), request.header("host")))
      return next();
    return refuse({403, "pages of this origin may not open sockets here\n", {}});
  };
}

HandshakeMiddleware rate_limit(double per_second, double burst) {
  return [rates = std::make_shared<SharedRates>(per_second, burst)](Handshake& handshake,
                                                                    HandshakeNext next) {
    const std::string key = framework::rate_key(handshake.request.remote_addr);
    std::optional<std::chrono::milliseconds> wait;
    {
      const std::scoped_lock lock(rates->mutex);
      wait = rates->table.take(key, std::chrono::steady_clock::now());
    }
    if (!wait) return next();
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
    return refuse({429,
                   "too many connections from your address\n",
                   {{"Retry-After", std::to_string(seconds)}}});
  };
}

}  // namespace weft::middleware
