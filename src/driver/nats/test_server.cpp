#include "driver/nats/test_server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace weft::nats {
namespace {

constexpr int kAttempts = 5;  // somebody else may take the free port first

/// "" where it is not installed.
std::string program() {
  for (const char* const path :
       {"/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "";
}

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

bool TestServer::is_installed() { return !program().empty(); }

TestServer::TestServer(std::vector<std::string> more_arguments, const std::string& config)
    : more_arguments_(std::move(more_arguments)),
      folder_((std::filesystem::temp_directory_path() / "weft_nats_XXXXXX").string()) {
  if (!::mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  if (!config.empty()) {
    std::ofstream(folder_ + "/server.conf") << config;
    more_arguments_.insert(more_arguments_.end(), {"-c", folder_ + "/server.conf"});
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    port_ = free_port();
    if (start()) return;
    kill();
  }
  throw std::runtime_error("nats-server does not start");
}

TestServer::~TestServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void TestServer::restart() {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (start()) return;
    kill();
  }
  throw std::runtime_error("nats-server does not start again");
}

bool TestServer::start() {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  std::vector<std::string> arguments{program(), "-a",   "127.0.0.1", "-p", std::to_string(port_),
                                     "-sd",     folder_};
  arguments.insert(arguments.end(), more_arguments_.begin(), more_arguments_.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  const int failed = ::posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  output_ = ends[0];
  if (failed) process_ = 0;
  return !failed && read_until(output_, "Server is ready");
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

}  // namespace weft::nats
