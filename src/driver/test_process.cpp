#include "driver/test_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

namespace weft::driver {
namespace {

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

std::uint16_t TestProcess::free_port() {
  namespace asio = boost::asio;
  asio::io_context context;
  const asio::ip::tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
  return asio::ip::tcp::acceptor(context, any).local_endpoint().port();
}

bool TestProcess::start(std::vector<std::string> arguments, int says_on,
                        std::string_view sign_of_life) {
  kill();
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], says_on);
  const int failed = ::posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  output_ = ends[0];
  if (failed) process_ = 0;
  return !failed && read_until(output_, sign_of_life);
}

void TestProcess::kill() {
  if (const pid_t process = std::exchange(process_, 0)) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  if (const int output = std::exchange(output_, -1); output >= 0) ::close(output);
}

void TestProcess::freeze() {
  ::kill(process_, SIGSTOP);
  ::waitpid(process_, nullptr, WUNTRACED);
}

void TestProcess::thaw() { ::kill(process_, SIGCONT); }

}  // namespace weft::driver
