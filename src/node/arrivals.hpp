// Arrivals: who comes in on the client port and what becomes of them: a WebSocket session by its
// path's rule, a static file, or a refusal. Also raw TCP. One per loop.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/handshake_judge.hpp"
#include "node/origin.hpp"
#include "node/path_pattern.hpp"
#include "node/place.hpp"
#include "transport/door.hpp"
#include "transport/http.hpp"
#include "transport/raw_connection.hpp"

namespace weft {

/// One path on one loop.
struct PathRule {
  std::string path;                              ///< may have {variables}
  std::map<std::string, std::string> variables;  ///< expressions of some of them: see PathPattern
  bool ends_with_any_slash = false;  ///< "/room/" is "/room" here, as with {variables} anyway
  std::shared_ptr<const transport::WebSocketOptions> websocket;
  OriginRules origins;
  std::size_t max_channels = 1000;
  std::string context_key;  ///< must be in the context `within` this time; "" = nobody asks
  Millis within{10'000};
  std::unique_ptr<session::Dialect> dialect;
  std::unique_ptr<HandshakeJudge> judge;  ///< nullptr: who the rules let in comes in
};

class Arrivals final : public transport::RequestHandler {
 public:
  /// `otherwise` answers what no WebSocket path does: files and health.
  Arrivals(Place& place, transport::RequestHandler& otherwise, metrics::Registry& metrics);

  /// Throws std::invalid_argument for a path that is none.
  void add(std::unique_ptr<PathRule> rule);
  void on_request(const transport::HttpRequest& request,
                  std::shared_ptr<transport::HttpExchange> exchange) override;

  /// No WebSocket is taken from now on: 503.
  void refuse_new() { draining_ = true; }

 private:
  struct Known {
    PathPattern pattern;
    std::unique_ptr<PathRule> rule;
    bool is_exactly(std::string_view path) const {
      if (pattern.has_variables()) return false;
      return path == (rule->ends_with_any_slash ? pattern.path() : rule->path);
    }
  };
  struct Found {
    const PathRule* rule = nullptr;
    PathParameters parameters = {};
  };
  Found find(const transport::HttpRequest& request) const;
  bool refuse(const PathRule& rule, const transport::HttpRequest& request,
              transport::HttpExchange& exchange);
  void judge(const PathRule& rule, PathParameters parameters,
             const std::shared_ptr<transport::HttpExchange>& exchange);
  void accept(const PathRule& rule, transport::HttpExchange& exchange, Verdict verdict);

  Place& place_;
  transport::RequestHandler& otherwise_;
  std::vector<Known> known_;  // in the order they were added
  bool draining_ = false;
  metrics::Counter& bad_origin_;
};

/// A session for `connection` by `rule`, opened.
std::unique_ptr<session::Session> open_session(Place& place, const PathRule& rule,
                                               transport::Connection& connection,
                                               session::Arrival arrival);

}  // namespace weft
