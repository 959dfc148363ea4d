#include "driver/redis/test_server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace weft::redis {
namespace {

constexpr int kAttempts = 5;  // somebody else may take the free port first

std::uint16_t free_port() {
  namespace asio = boost::asio;
  asio::io_context context;
  const asio::ip::tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
  return asio::ip::tcp::acceptor(context, any).local_endpoint().port();
}

/// Whether `text` came before the end of the file.
bool read_until(int file, std::string_view text) {
  std::string seen;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = ::read(file, buffer.data(), buffer.size());
    if (size <= 0) return false;
    seen.append(buffer.data(), static_cast<std::size_t>(size));
    if (seen.find(text) != std::string::npos) return true;
  }
}

}  // namespace

bool TestServer::is_installed() { return ::access(kProgram, X_OK) == 0; }

TestServer::TestServer(std::vector<std::string> more_arguments, std::uint16_t port) : port_(port) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (port == 0) port_ = free_port();
    std::vector<std::string> arguments{kProgram, "--bind", "127.0.0.1",           "--save",
                                       "",       "--port", std::to_string(port_), "--dir",
                                       "/tmp"};
    for (std::string argument : more_arguments) {
      if (argument == "PORT") argument = std::to_string(port_);
      arguments.push_back(std::move(argument));
    }
    if (start(std::move(arguments), "Ready to accept connections")) return;
    kill();
  }
  throw std::runtime_error("redis-server does not start");
}

TestServer::TestServer(const Watched& watched) {
  folder_ = (std::filesystem::temp_directory_path() / "weft_sentinel_XXXXXX").string();
  if (!::mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  const std::string file = folder_ + "/sentinel.conf", name = " " + watched.master + " ";
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    port_ = free_port();
    std::ofstream out(file);
    out << "port " << port_ << "\nbind 127.0.0.1\ndir " << folder_ << "\nsentinel monitor" << name
        << "127.0.0.1 " << watched.port << " 1\nsentinel down-after-milliseconds" << name
        << "500\nsentinel failover-timeout" << name << "3000\n";
    for (const std::string& line : watched.more_lines) out << line << "\n";
    out.close();
    if (start({kProgram, file, "--sentinel"}, "+monitor master")) return;
    kill();
  }
  throw std::runtime_error("redis-server --sentinel does not start");
}

TestServer::~TestServer() {
  kill();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

bool TestServer::start(std::vector<std::string> arguments, std::string_view sign_of_life) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int failed = ::posix_spawn(&process_, kProgram, &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  output_ = ends[0];
  if (failed) process_ = 0;
  return !failed && read_until(output_, sign_of_life);
}

void TestServer::kill() {
  if (const pid_t process = std::exchange(process_, 0)) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  if (const int output = std::exchange(output_, -1); output >= 0) ::close(output);
}

void TestServer::freeze() {
  ::kill(process_, SIGSTOP);
  ::waitpid(process_, nullptr, WUNTRACED);
}

void TestServer::thaw() { ::kill(process_, SIGCONT); }

}  // namespace weft::redis
