#include "app/wiring.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

#include "app/server.hpp"
#include "base/log.hpp"

namespace weft {

namespace {

std::uint16_t port_of(const std::string& address) {
  return address.empty() ? std::uint16_t{0} : net::parse_address(address).port();
}

// For programs that start weft on port 0: which ports it got, as JSON, there in one piece once
// everything is open.
void write_ports_file(const OpenPorts& ports) {
  const char* file = std::getenv("WEFT_PORTS_FILE");
  if (!file) return;
  std::string sockets;
  for (const std::string& socket : ports.sockets)
    sockets += fmt::format("{}{}", sockets.empty() ? "" : ",", port_of(socket));
  const std::string unfinished = std::string(file) + ".part";
  std::ofstream(unfinished) << fmt::format(
                                   R"({{"clients":{},"api":{},"directory":{},"sockets":[{}]}})",
                                   port_of(ports.clients), port_of(ports.api),
                                   port_of(ports.directory), sockets)
                            << '\n';
  std::filesystem::rename(unfinished, file);
}

}  // namespace

int run_server(const Config& config, RunMode mode, const std::function<Loaded()>& reload) {
  try {
    log::open(config.log.file, static_cast<log::Level>(config.log.level),
              config.log.format == LogFormat::json);
    Server server(config, mode, reload);
    const OpenPorts ports = server.open();
    std::fputs(banner(config, mode, ports, use_colour()).c_str(), stdout);
    std::fflush(stdout);
    write_ports_file(ports);
    return server.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weft: %s\n", error.what());
    return 3;
  }
}

}  // namespace weft
