// For tests: a real redis-server or sentinel on a free port of the loopback, gone with its object.
// A server has no files; a sentinel has a folder of its own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "driver/test_process.hpp"

namespace weft::redis {

class TestServer {
 public:
  /// What a sentinel watches, alone and impatiently: half a second of silence is a death.
  struct Watched {
    std::string master;
    std::uint16_t port = 0;
    std::vector<std::string> more_lines = {};  ///< of its configuration
  };

  static constexpr const char* kProgram = "/usr/bin/redis-server";
  static bool is_installed();

  /// Back when it is ready. `port` 0 takes a free one. Throws when it does not start.
  explicit TestServer(std::vector<std::string> more_arguments = {}, std::uint16_t port = 0);
  explicit TestServer(const Watched& watched);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  void kill() { process_.kill(); }
  void freeze() { process_.freeze(); }
  void thaw() { process_.thaw(); }

 private:
  std::uint16_t port_ = 0;
  std::string folder_;  // "" = none
  driver::TestProcess process_;
};

}  // namespace weft::redis
