#include "app/client_fallback.hpp"

#include <algorithm>

namespace weft {
namespace {

bool is_below(std::string_view path, std::string_view mount) {
  if (mount == "/") return true;
  return path.starts_with(mount) && (path.size() == mount.size() || path[mount.size()] == '/');
}

}  // namespace

void ClientFallback::mount(std::string path, std::unique_ptr<api::StaticFiles> files) {
  mounts_.push_back({std::move(path), std::move(files)});
  std::stable_sort(mounts_.begin(), mounts_.end(),
                   [](const Mount& a, const Mount& b) { return a.path.size() > b.path.size(); });
}

void ClientFallback::on_request(const transport::HttpRequest& request,
                                std::shared_ptr<transport::HttpExchange> exchange) {
  if (request.path == "/healthz")
    return exchange->respond({.status = 200, .body = "ok\n", .headers = {}});
  if (request.path == "/readyz") {
    const std::vector<std::string_view> reasons = node_.not_ready();
    std::string body(reasons.empty() ? "ready" : reasons.front());
    return exchange->respond(
        {.status = reasons.empty() ? 200 : 503, .body = std::move(body += '\n'), .headers = {}});
  }
  for (const Mount& mount : mounts_)
    if (is_below(request.path, mount.path))
      return mount.files->on_request(request, std::move(exchange));
  exchange->respond({.status = 404, .body = "nothing is here\n", .headers = {}});
}

}  // namespace weft
