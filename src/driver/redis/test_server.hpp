// For tests: a real redis-server or sentinel on a free port of the loopback, gone with its object.
// A server has no files; a sentinel has a folder of its own.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  void kill();    ///< as by a power cut
  void freeze();  ///< it keeps its connections and does nothing any more
  void thaw();    ///< it goes on

 private:
  bool start(std::vector<std::string> arguments, std::string_view sign_of_life);

  std::uint16_t port_ = 0;
  std::string folder_;  // "" = none
  pid_t process_ = 0;
  int output_ = -1;
};

}  // namespace weft::redis
