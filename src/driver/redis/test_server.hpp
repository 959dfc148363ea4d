// For tests: a real redis-server on a free port of the loopback, without files, gone with its
// object.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft::redis {

class TestServer {
 public:
  static constexpr const char* kProgram = "/usr/bin/redis-server";
  static bool is_installed();

  /// Back when it is ready. `port` 0 takes a free one. Throws when it does not start.
  explicit TestServer(std::vector<std::string> more_arguments = {}, std::uint16_t port = 0);
  ~TestServer() { kill(); }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  void kill();    ///< as by a power cut
  void freeze();  ///< it keeps its connections and does nothing any more

 private:
  bool start(std::vector<std::string> arguments);

  std::uint16_t port_;
  pid_t process_ = 0;
  int output_ = -1;
};

}  // namespace weft::redis
