// The API port: which path is answered by what. The directory port serves the subset that PHP
// programs look for.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/access.hpp"
#include "api/connmix_api.hpp"
#include "api/message_door.hpp"
#include "base/clock.hpp"
#include "node/node.hpp"
#include "transport/http.hpp"

namespace weft::api {

struct ApiOptions {
  std::vector<AccessUser> users = {};
  std::string advertise =
      {};  ///< host:port of the API for the directory; "" = the host the client asked, api_port
  std::uint16_t api_port = 6789;
  std::size_t max_message = 1 << 20;  ///< of /ws/v1
  MessageDoor messages = {};
  /// Makes this node leave; nullopt: over the time its configuration says. Gives the time. Any
  /// thread.
  std::function<Millis(std::optional<Millis> over)> drain = {};
};

/// On 6789. One object serves every loop; `loops` is how many there are.
class Routes final : public transport::RequestHandler {
 public:
  Routes(Node& node, ApiOptions options, unsigned loops);
  ~Routes() override;
  void on_request(const transport::HttpRequest& request,
                  std::shared_ptr<transport::HttpExchange> exchange) override;

 private:
  Node& node_;
  ApiOptions options_;
  Access access_;
  std::shared_ptr<const transport::WebSocketOptions> websocket_;
  std::vector<std::unique_ptr<ApiCounters>> counters_;  // by loop
};

/// On 6787: /version, /v1/nodes, /healthz.
class DirectoryRoutes final : public transport::RequestHandler {
 public:
  DirectoryRoutes(Node& node, ApiOptions options);
  void on_request(const transport::HttpRequest& request,
                  std::shared_ptr<transport::HttpExchange> exchange) override;

 private:
  Node& node_;
  ApiOptions options_;
  Access access_;
};

}  // namespace weft::api
