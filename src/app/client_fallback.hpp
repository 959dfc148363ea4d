// What the client port answers beside WebSockets: health, static files by the longest mount, and
// 404.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "api/static_files.hpp"
#include "node/node.hpp"
#include "transport/http.hpp"

namespace weft {

class ClientFallback final : public transport::RequestHandler {
 public:
  explicit ClientFallback(const Node& node) : node_(node) {}

  void mount(std::string path, std::unique_ptr<api::StaticFiles> files);
  void on_request(const transport::HttpRequest& request,
                  std::shared_ptr<transport::HttpExchange> exchange) override;

 private:
  struct Mount {
    std::string path;
    std::unique_ptr<api::StaticFiles> files;
  };
  const Node& node_;
  std::vector<Mount> mounts_;  // longest path first
};

}  // namespace weft
