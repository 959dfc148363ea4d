// Serves the files of one folder, for a page beside its WebSocket. GET and HEAD; index.html for a
// folder; never a dotfile, never anything outside the folder, also not through a symbolic link.
// Files up to 1 MiB are kept in memory until they change.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "transport/http.hpp"

namespace weft::api {

class StaticFiles final : public transport::RequestHandler {
 public:
  /// `prefix`: the path the folder is mounted at, "/" or "/app". Throws when `folder` is none.
  StaticFiles(const std::filesystem::path& folder, std::string prefix, unsigned loops);
  ~StaticFiles() override;
  void on_request(const transport::HttpRequest& request,
                  std::shared_ptr<transport::HttpExchange> exchange) override;

 private:
  struct File;
  using Cache = std::unordered_map<std::string, std::shared_ptr<const File>>;
  std::shared_ptr<const File> load(const std::string& path, Cache& cache) const;

  std::filesystem::path folder_;  // canonical
  std::string prefix_;
  std::vector<Cache> caches_;  // by loop
};

/// By the file's extension; application/octet-stream for others.
std::string_view content_type(std::string_view path);

}  // namespace weft::api
