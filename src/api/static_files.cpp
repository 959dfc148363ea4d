#include "api/static_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace weft::api {
namespace {

using transport::HttpRequest;
using transport::HttpResponse;

constexpr std::size_t kMaxFile = 1 << 20, kMaxCached = 1000;

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
};

// Pages talk to their own host only; scripts and styles come from files, never from inside the
// page.
constexpr std::string_view kPolicy =
    "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'";

struct Descriptor {
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

bool read_all(int fd, std::string& out) {
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got = ::read(fd, out.data() + have, out.size() - have);
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

HttpResponse text(int status, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.body = std::string(message) + "\n";
  return response;
}

/// If-None-Match may list several tags, weak ones too.
bool is_listed(std::string_view list, std::string_view tag) {
  return list == "*" || list.find(tag) != list.npos;
}

bool has_dotfile(std::string_view path) { return path.find("/.") != path.npos; }

}  // namespace

struct StaticFiles::File {
  std::string body, tag;
  timespec changed{};
  off_t size = 0;
};

std::string_view content_type(std::string_view path) {
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

StaticFiles::StaticFiles(const std::filesystem::path& folder, std::string prefix, unsigned loops)
    : folder_(std::filesystem::canonical(folder)), prefix_(std::move(prefix)), caches_(loops) {
  if (!std::filesystem::is_directory(folder_))
    throw std::filesystem::filesystem_error("not a folder", folder,
                                            std::make_error_code(std::errc::not_a_directory));
  while (prefix_.ends_with('/')) prefix_.pop_back();
}

StaticFiles::~StaticFiles() = default;

std::shared_ptr<const StaticFiles::File> StaticFiles::load(const std::string& path,
                                                           Cache& cache) const {
  // What the name leads to decides, so that no link leads out of the folder.
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(folder_ / path.substr(1), error);
  if (error || !real.native().starts_with(folder_.native() + (folder_.native() == "/" ? "" : "/")))
    return nullptr;
  const Descriptor file(::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat state {};
  if (file.fd < 0 || ::fstat(file.fd, &state) != 0 || !S_ISREG(state.st_mode)) return nullptr;

  if (const auto found = cache.find(path); found != cache.end()) {
    const File& known = *found->second;
    if (known.size == state.st_size && known.changed.tv_sec == state.st_mtim.tv_sec &&
        known.changed.tv_nsec == state.st_mtim.tv_nsec)
      return found->second;
  }
  auto fresh = std::make_shared<File>();
  fresh->size = state.st_size;
  fresh->changed = state.st_mtim;
  fresh->tag =
      fmt::format("\"{:x}-{:x}-{:x}\"", state.st_mtim.tv_sec, state.st_mtim.tv_nsec, state.st_size);
  if (static_cast<std::size_t>(state.st_size) > kMaxFile)
    return fresh;  // its size tells why it has no body
  fresh->body.resize(static_cast<std::size_t>(state.st_size));
  if (!read_all(file.fd, fresh->body)) return nullptr;
  if (cache.size() >= kMaxCached) cache.clear();
  return cache[path] = std::move(fresh);
}

void StaticFiles::on_request(const HttpRequest& request,
                             std::shared_ptr<transport::HttpExchange> exchange) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = text(405, "only GET and HEAD");
    response.headers.push_back({"Allow", "GET, HEAD"});
    return exchange->respond(std::move(response));
  }
  if (!prefix_.empty() && request.path == prefix_) {  // so that the page's relative links work
    HttpResponse response = text(308, "the folder is at " + prefix_ + "/");
    response.headers.push_back({"Location", prefix_ + "/"});
    return exchange->respond(std::move(response));
  }
  const bool inside = request.path.starts_with(prefix_ + "/");
  std::string path = inside ? request.path.substr(prefix_.size()) : "/";
  if (path.ends_with('/')) path += "index.html";
  const bool clean = inside && !has_dotfile(path) && path.find('\0') == path.npos;
  const auto file = clean ? load(path, caches_[exchange->loop().index()]) : nullptr;
  if (!file) return exchange->respond(text(404, "no such file"));
  if (static_cast<std::size_t>(file->size) > kMaxFile)
    return exchange->respond(
        text(404, "this file is larger than 1 MiB: serve it with a web server"));

  HttpResponse response;
  response.content_type = content_type(path);
  response.headers = {{"ETag", file->tag},
                      {"Cache-Control", "no-cache"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "same-origin"},
                      {"Content-Security-Policy", std::string(kPolicy)}};
  const std::string* known = request.header("if-none-match");
  if (known && is_listed(*known, file->tag))
    response.status = 304;
  else
    response.body = file->body;
  exchange->respond(std::move(response));
}

}  // namespace weft::api
