#include "app/config_load.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/config_checks.hpp"
#include "app/config_complete.hpp"
#include "app/config_file.hpp"
#include "app/value_text.hpp"

namespace weft {
namespace {

std::optional<std::string> content_of(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

void narrow_to_loopback(std::string& address) {
  auto parsed = parse_address(address);
  if (!parsed || !parsed->is_every_interface()) return;
  parsed->host = "127.0.0.1";
  address = to_string(*parsed);
}

void sort_by_place(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    if ((a.line == 0) != (b.line == 0)) return b.line == 0;
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
}

std::string counted(std::size_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

std::size_t Loaded::errors() const {
  return static_cast<std::size_t>(
      std::ranges::count(findings, Finding::Severity::error, &Finding::severity));
}

Loaded load_config(const LoadRequest& request) {
  Loaded loaded;
  ConfigReader reader(loaded, request.environment);
  if (!request.file.empty()) {
    loaded.config.file = request.file;
    const auto text = request.text ? request.text : content_of(request.file);
    if (text)
      reader.read_file(request.file, *text);
    else
      loaded.findings.push_back({Finding::Severity::error, request.file, 0, 0,
                                 "this file cannot be read",
                                 "name another with -c FILE, or make one with  weft init chat"});
  }
  reader.read_environment();
  for (const std::string& set : request.sets) reader.read_flag(set);
  complete_config(loaded);
  if (request.dev) {
    for (ListenConfig* listen : {&loaded.config.listen.clients, &loaded.config.listen.api,
                                 &loaded.config.listen.directory})
      narrow_to_loopback(listen->address);
    for (SocketConfig& socket : loaded.config.sockets) narrow_to_loopback(socket.listen);
  }
  check_config(loaded, request.dev, request.program);
  sort_by_place(loaded.findings);
  return loaded;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string describe(const Loaded& loaded, bool coloured) {
  const auto paint = [&](const char* code, const std::string& text) {
    return coloured ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
  };
  std::vector<std::string> places;
  std::size_t width = 0;
  for (const Finding& finding : loaded.findings) {
    std::string place = finding.where;
    if (finding.line > 0)
      place += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
    width = std::max(width, place.size());
    places.push_back(std::move(place));
  }
  std::string out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Finding& finding = loaded.findings[i];
    const bool error = finding.severity == Finding::Severity::error;
    out += places[i] + std::string(width - places[i].size() + 2, ' ');
    out += error ? paint("31", "error    ") : paint("33", "warning  ");
    out += finding.message + "\n";
    std::istringstream lines(finding.hint);
    for (std::string line; std::getline(lines, line);)
      out += std::string(width + 11, ' ') + line + "\n";
  }
  if (loaded.findings.empty()) return "";
  return out + counted(loaded.errors(), "error") + ", " + counted(loaded.warnings(), "warning") +
         "\n";
}

std::string find_config_file() {
  for (const char* path : {"weft.yaml", "/etc/weft/weft.yaml"})
    if (::access(path, R_OK) == 0) return path;
  return "";
}

}  // namespace weft
