#include "driver/redis/test_server.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace weft::redis {

bool TestServer::is_installed() { return ::access(kProgram, X_OK) == 0; }

TestServer::TestServer(std::vector<std::string> more_arguments, std::uint16_t port) : port_(port) {
  for (int attempt = 0; attempt < driver::TestProcess::kAttempts; ++attempt) {
    if (port == 0) port_ = driver::TestProcess::free_port();
    std::vector<std::string> arguments{kProgram, "--bind", "127.0.0.1",           "--save",
                                       "",       "--port", std::to_string(port_), "--dir",
                                       "/tmp"};
    for (std::string argument : more_arguments) {
      if (argument == "PORT") argument = std::to_string(port_);
      arguments.push_back(std::move(argument));
    }
    if (process_.start(std::move(arguments), STDOUT_FILENO, "Ready to accept connections")) return;
  }
  throw std::runtime_error("redis-server does not start");
}

TestServer::TestServer(const Watched& watched) {
  folder_ = (std::filesystem::temp_directory_path() / "weft_sentinel_XXXXXX").string();
  if (!::mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  const std::string file = folder_ + "/sentinel.conf", name = " " + watched.master + " ";
  for (int attempt = 0; attempt < driver::TestProcess::kAttempts; ++attempt) {
    port_ = driver::TestProcess::free_port();
    std::ofstream out(file);
    out << "port " << port_ << "\nbind 127.0.0.1\ndir " << folder_ << "\nsentinel monitor" << name
        << "127.0.0.1 " << watched.port << " 1\nsentinel down-after-milliseconds" << name
        << "500\nsentinel failover-timeout" << name << "3000\n";
    for (const std::string& line : watched.more_lines) out << line << "\n";
    out.close();
    if (process_.start({kProgram, file, "--sentinel"}, STDOUT_FILENO, "+monitor master")) return;
  }
  throw std::runtime_error("redis-server --sentinel does not start");
}

TestServer::~TestServer() {
  kill();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace weft::redis
