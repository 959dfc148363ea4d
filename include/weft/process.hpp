// ProcessContext: what an extra process of a program (Server::add_process) may use.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace weft {

/// It shares no memory with the server.
class ProcessContext {
 public:
  virtual ~ProcessContext() = default;
  /// The server is ending, or has: SIGTERM came. What does not return then is killed, by the server
  /// or, when that was killed, five seconds later.
  virtual bool stop_requested() const = 0;
  virtual bool wait(std::chrono::milliseconds time) = 0;          ///< true = stop was requested
  virtual const std::string& directory() const = 0;               ///< "host:port" for weft::client
  virtual const std::vector<std::string>& arguments() const = 0;  ///< of the program
};

}  // namespace weft
