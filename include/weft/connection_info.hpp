// ConnectionInfo: a connection as lists show it.
#pragma once
#include <chrono>
#include <string>

#include "weft/types.hpp"

namespace weft {

struct ConnectionInfo {
  ConnectionId id = ConnectionId::none;
  std::string path;         ///< of the configuration that answers it; on raw TCP the address
  std::string remote_addr;  ///< "ip:port" of the client
  std::string user;         ///< "" = nobody
  std::chrono::system_clock::time_point connected_at{};  ///< with milliseconds
};

}  // namespace weft
