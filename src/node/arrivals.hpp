// Arrivals: who comes in on the client port and what becomes of them: a WebSocket session by its
// path's rule, a static file, or a refusal. Also raw TCP. One per loop.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "node/origin.hpp"
#include "node/place.hpp"
#include "transport/door.hpp"
#include "transport/http.hpp"
#include "transport/raw_connection.hpp"

namespace weft {

/// One path on one loop.
struct PathRule {
  std::string path;
  std::shared_ptr<const transport::WebSocketOptions> websocket;
  OriginRules origins;
  std::size_t max_channels = 1000;
  std::string context_key;  ///< must be in the context `within` this time; "" = nobody asks
  Millis within{10'000};
  std::unique_ptr<session::Dialect> dialect;
};

class Arrivals final : public transport::RequestHandler {
 public:
  /// `otherwise` answers what no WebSocket path does: files and health.
  Arrivals(Place& place, transport::RequestHandler& otherwise, metrics::Registry& metrics);

  void add(std::unique_ptr<PathRule> rule) { rules_.push_back(std::move(rule)); }
  void on_request(const transport::HttpRequest& request,
                  std::shared_ptr<transport::HttpExchange> exchange) override;

  /// No WebSocket is taken from now on: 503.
  void refuse_new() { draining_ = true; }

 private:
  Place& place_;
  transport::RequestHandler& otherwise_;
  std::vector<std::unique_ptr<PathRule>> rules_;
  bool draining_ = false;
  metrics::Counter& bad_origin_;
};

/// A session for `connection` by `rule`, opened; `request` is nullptr on raw TCP.
std::unique_ptr<session::Session> open_session(Place& place, const PathRule& rule,
                                               transport::Connection& connection,
                                               const transport::HttpRequest* request);

}  // namespace weft
