#include "app/ports_file.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/address.hpp"

namespace weft {
namespace {

std::uint16_t port_of(const std::string& address) {
  return address.empty() ? std::uint16_t{0} : net::parse_address(address).port();
}

}  // namespace

Ports port_numbers(const OpenPorts& ports) {
  return {port_of(ports.clients), port_of(ports.api), port_of(ports.directory)};
}

void write_ports_file(const OpenPorts& ports) {
  const char* file = std::getenv("WEFT_PORTS_FILE");
  if (!file) return;
  std::string sockets;
  for (const std::string& socket : ports.sockets)
    sockets += fmt::format("{}{}", sockets.empty() ? "" : ",", port_of(socket));
  const auto [clients, api, directory] = port_numbers(ports);
  const std::string unfinished = std::string(file) + ".part";
  std::ofstream(unfinished) << fmt::format(
                                   R"({{"clients":{},"api":{},"directory":{},"sockets":[{}]}})",
                                   clients, api, directory, sockets)
                            << '\n';
  std::filesystem::rename(unfinished, file);
}

}  // namespace weft
