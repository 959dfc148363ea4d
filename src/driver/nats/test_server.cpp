#include "driver/nats/test_server.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace weft::nats {
namespace {

using driver::TestProcess;

/// "" where it is not installed.
std::string program() {
  for (const char* const path :
       {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "";
}

}  // namespace

bool TestServer::is_installed() { return !program().empty(); }

TestServer::TestServer(std::vector<std::string> more_arguments, const std::string& config)
    : more_arguments_(std::move(more_arguments)),
      folder_((std::filesystem::temp_directory_path() / "weft_nats_XXXXXX").string()) {
  if (!::mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  if (!config.empty()) {
    std::ofstream(folder_ + "/server.conf") << config;
    more_arguments_.insert(more_arguments_.end(), {"-c", folder_ + "/server.conf"});
  }
  for (int attempt = 0; attempt < TestProcess::kAttempts; ++attempt) {
    port_ = TestProcess::free_port();
    if (start()) return;
  }
  throw std::runtime_error("nats-server does not start");
}

TestServer::~TestServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void TestServer::restart() {
  for (int attempt = 0; attempt < TestProcess::kAttempts; ++attempt) {
    if (start()) return;
  }
  throw std::runtime_error("nats-server does not start again");
}

bool TestServer::start() {
  std::vector<std::string> arguments{program(), "-a",   "127.0.0.1", "-p", std::to_string(port_),
                                     "-sd",     folder_};
  arguments.insert(arguments.end(), more_arguments_.begin(), more_arguments_.end());
  return process_.start(std::move(arguments), STDERR_FILENO, "Server is ready");
}

}  // namespace weft::nats
