#include "app/banner.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/value_text.hpp"

namespace weft {
namespace {

bool colour_forbidden = false;

/// The address as one would type it: an open interface becomes this machine.
std::string reachable(const std::string& address) {
  auto parsed = parse_address(address);
  if (!parsed) return address;
  if (parsed->is_every_interface()) parsed->host = "127.0.0.1";
  return to_string(*parsed);
}

std::string url(const char* scheme, const ListenConfig& listen, const std::string& bound,
                const std::string& path) {
  return std::string(scheme) + (listen.tls.enabled() ? "s" : "") + "://" + reachable(bound) + path;
}

class Lines {
 public:
  explicit Lines(bool coloured) : coloured_(coloured) {}
  void add(const std::string& name, const std::string& value, const std::string& note = "") {
    std::string label = name;
    label.resize(std::max<std::size_t>(label.size() + 1, 12), ' ');
    text += "  " + paint("32", "➜") + " " + paint("1", label) + paint("36", value) +
            (note.empty() ? "" : "   " + paint("2", note)) + "\n";
  }
  std::string paint(const char* code, const std::string& words) const {
    return coloured_ ? "\x1b[" + std::string(code) + "m" + words + "\x1b[0m" : words;
  }
  std::string text;

 private:
  bool coloured_;
};

std::string workers_text(const Config& config) {
  std::string text;
  for (const WorkerConfig& worker : config.workers)
    text += (text.empty() ? "" : ", ") + worker.name + " ×" + std::to_string(worker.count);
  return text;
}

constexpr std::size_t kMostPaths = 3;

}  // namespace

void forbid_colour() { colour_forbidden = true; }

bool use_colour() {
  const char* none = std::getenv("NO_COLOR");
  return !colour_forbidden && !(none && *none) && ::isatty(STDOUT_FILENO);
}

std::string banner(const Config& config, RunMode mode, const OpenPorts& ports, bool coloured) {
  Lines lines(coloured);
  const bool dev = mode == RunMode::dev;
  lines.text = "  " + lines.paint("1", "weft " WEFT_VERSION) + (dev ? " dev" : "") + "   " +
               std::to_string(ports.loops) + (ports.loops == 1 ? " loop" : " loops") +
               (config.file.empty() ? "" : "   " + config.file) + "\n\n";
  std::size_t shown = 0;
  for (const PathConfig& path : config.paths) {
    if (ports.clients.empty() || ++shown > kMostPaths) continue;
    const bool files = !path.files.empty();
    lines.add(files ? "Open" : "WebSocket",
              url(files ? "http" : "ws", config.listen.clients, ports.clients, path.path),
              files ? "" : path.script);
    if (shown == 1 && config.listen.clients.share_port)
      lines.add("", "this port is shared with other processes");
  }
  if (shown > kMostPaths)
    lines.add("", "and " + std::to_string(shown - kMostPaths) + " more paths");
  for (std::size_t i = 0; i < ports.sockets.size() && i < 2; ++i)
    lines.add("TCP", reachable(ports.sockets[i]));
  if (!ports.api.empty())
    lines.add("API", url("http", config.listen.api, ports.api, ""), "metrics: /metrics");
  if (!ports.directory.empty())
    lines.add("Directory", url("http", config.listen.directory, ports.directory, ""));
  if (!config.workers.empty()) lines.add("Workers", workers_text(config));
  if (dev)
    lines.text += "  " +
                  lines.paint("33",
                              "for development: this machine only, scripts reload when they are "
                              "saved. For users: weft run") +
                  "\n";
  return lines.text + "\n";
}

}  // namespace weft
