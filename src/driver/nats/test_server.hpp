// For tests: a real nats-server on a free port of the loopback, with a store directory of its own,
// gone with its object.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "driver/test_process.hpp"

namespace weft::nats {

class TestServer {
 public:
  static bool is_installed();

  /// Back when it is ready. Throws when it does not start. `config`: text of a configuration file.
  explicit TestServer(std::vector<std::string> more_arguments = {}, const std::string& config = "");
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void kill() { process_.kill(); }
  void restart();  ///< after kill(): the same port, the same store
  void freeze() { process_.freeze(); }
  void thaw() { process_.thaw(); }

 private:
  bool start();

  std::vector<std::string> more_arguments_;
  std::uint16_t port_ = 0;
  std::string folder_;
  driver::TestProcess process_;
};

/// One more argument for JetStream in the server's own folder.
inline std::vector<std::string> with_jetstream() { return {"-js"}; }

}  // namespace weft::nats
