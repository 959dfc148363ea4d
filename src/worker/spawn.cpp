#include "worker/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

namespace weft::worker {
namespace {

error_code last_error() { return {errno, boost::system::system_category()}; }

/// Two ends of a pipe that no other child inherits.
struct Pipe {
  std::array<int, 2> ends{-1, -1};
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    for (const int end : ends)
      if (end >= 0) ::close(end);
  }
  int take_read_end() { return std::exchange(ends[0], -1); }
  void close_write_end() { ::close(std::exchange(ends[1], -1)); }
};

/// What the child needs, made before the fork: between fork and exec nothing may allocate.
struct Plan {
  std::vector<std::string> entries;
  std::vector<char*> environment, arguments;
  std::array<std::string, 3> words;
  const char* directory;

  Plan(const std::string& command, const std::string& folder,
       const std::map<std::string, std::string>& more)
      : words{"/bin/sh", "-c", command}, directory(folder.empty() ? nullptr : folder.c_str()) {
    for (char** entry = environ; *entry; ++entry) {
      const std::string_view text(*entry);
      if (!more.contains(std::string(text.substr(0, text.find('='))))) entries.emplace_back(text);
    }
    for (const auto& [name, value] : more) entries.push_back(name + "=" + value);
    for (std::string& entry : entries) environment.push_back(entry.data());
    environment.push_back(nullptr);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
  }
};

/// Everything from here on is async-signal-safe.
[[noreturn]] void become(const Plan& plan, pid_t parent, int output, int complaint) {
  const auto give_up = [&complaint] {
    const int reason = errno;
    [[maybe_unused]] const ssize_t told = ::write(complaint, &reason, sizeof reason);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before prctl
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD}) ::signal(signal, SIG_DFL);
  const int input = ::open("/dev/null", O_RDONLY);
  if (input < 0 || ::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(output, 2) < 0)
    give_up();
  // What libraries opened without close-on-exec must not leak into workers: a listening socket
  // least of all.
  if (complaint == 3 || ::dup3(complaint, 3, O_CLOEXEC) == 3) {
    complaint = 3;
    ::syscall(SYS_close_range, 4u, ~0u, 0u);
  }
  if (plan.directory && ::chdir(plan.directory) != 0) give_up();
  ::execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  give_up();
  ::_exit(127);
}

}  // namespace

Result<Child> spawn(const std::string& command, const std::string& directory,
                    const std::map<std::string, std::string>& environment) {
  Pipe output, complaint;
  if (!output.open() || !complaint.open()) return last_error();
  const Plan plan(command, directory, environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return last_error();
  if (pid == 0) become(plan, parent, output.ends[1], complaint.ends[1]);
  ::setpgid(pid, pid);  // both sides do it, so that it holds whoever is first
  output.close_write_end();
  complaint.close_write_end();
  int reason = 0;
  ssize_t size = 0;
  do size = ::read(complaint.ends[0], &reason, sizeof reason);
  while (size < 0 && errno == EINTR);
  if (size == sizeof reason) {
    ::waitpid(pid, nullptr, 0);
    return error_code(reason, boost::system::system_category());
  }
  ::fcntl(output.ends[0], F_SETFL, O_NONBLOCK);
  return Child{pid, output.take_read_end()};
}

}  // namespace weft::worker
