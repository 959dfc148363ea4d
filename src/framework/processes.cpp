#include "framework/processes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/check.hpp"

namespace weft::framework {
namespace {

constexpr const char* kVariable = "WEFT_PROCESS";
constexpr int kUnknownProcess = 64, kThrew = 70;
constexpr unsigned kGrace = 5;  // seconds, when nobody is left who would kill it

// Set before the signals can come, then never changed.
int stop_pipe = -1;
pid_t parent = 0;

// SIGTERM by the supervisor, or by the kernel because the supervisor is dead.
void on_stop(int) {
  [[maybe_unused]] const ssize_t told = ::write(stop_pipe, "s", 1);
  if (::getppid() != parent) ::alarm(kGrace);
}

class Context final : public ProcessContext {
 public:
  explicit Context(const std::vector<std::string>& arguments) : arguments_(arguments) {
    const char* directory = std::getenv("WEFT_DIRECTORY");
    directory_ = directory ? directory : "";
    std::array<int, 2> ends{};
    check(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0, "there are descriptors for a pipe");
    stop_ = ends[0];
    stop_pipe = ends[1];
    parent = ::getppid();
    struct sigaction action {};
    action.sa_handler = on_stop;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // instead of SIGKILL: it may want to finish
    if (::getppid() != parent) on_stop(SIGTERM);
  }

  bool stop_requested() const override { return is_stopped(0); }
  bool wait(std::chrono::milliseconds time) override {
    const auto end = std::chrono::steady_clock::now() + time;
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (is_stopped(static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30))))
        return true;
      if (left.count() <= 0) return false;
    }
  }
  const std::string& directory() const override { return directory_; }
  const std::vector<std::string>& arguments() const override { return arguments_; }

 private:
  bool is_stopped(int millis) const {
    pollfd pipe{.fd = stop_, .events = POLLIN, .revents = 0};
    return ::poll(&pipe, 1, millis) > 0;
  }

  const std::vector<std::string>& arguments_;
  std::string directory_;
  int stop_ = -1;
};

std::string in_quotes(std::string_view word) {
  std::string out = "'";
  for (const char c : word)
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  return out + "'";
}

/// The command line that starts this very program again, for /bin/sh.
std::string own_command() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw std::runtime_error("/proc/self/exe: " + error.message());
  std::string command = "exec " + in_quotes(program.string());
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string word;
  std::getline(file, word, '\0');  // its own name
  while (std::getline(file, word, '\0')) command += " " + in_quotes(word);
  return command;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

void Processes::add(std::string name, ProcessBody body) {
  if (!is_name(name))
    throw std::invalid_argument("process \"" + name + "\": 1 to 64 letters, digits, - and _");
  const bool taken = std::any_of(all_.begin(), all_.end(),
                                 [&](const Process& process) { return process.name == name; });
  if (taken) throw std::invalid_argument("process \"" + name + "\": there is one already");
  all_.push_back({std::move(name), std::move(body)});
}

std::vector<worker::WorkerSpec> Processes::specs(const std::string& directory) const {
  std::vector<worker::WorkerSpec> specs;
  for (const Process& process : all_) {
    worker::WorkerSpec& spec = specs.emplace_back();
    spec.name = process.name;
    spec.command = own_command();
    spec.environment = {{kVariable, process.name}, {"WEFT_DIRECTORY", directory}};
  }
  return specs;
}

bool Processes::is_asked() { return std::getenv(kVariable) != nullptr; }

const Processes::Process* Processes::find_asked() const {
  const char* const name = std::getenv(kVariable);
  if (!name) return nullptr;
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const Process& process) { return process.name == name; });
  return found == all_.end() ? nullptr : &*found;
}

std::optional<int> Processes::run_if_asked(const std::vector<std::string>& arguments) const {
  if (!is_asked()) return std::nullopt;
  const std::string name = std::getenv(kVariable);
  const Process* const found = find_asked();
  ::unsetenv(kVariable);
  if (!found) {
    fmt::print(stderr, "this program has no process \"{}\"\n", name);
    return kUnknownProcess;
  }
  Context context(arguments);
  try {
    return found->body(context);
  } catch (const std::exception& error) {
    fmt::print(stderr, "process \"{}\" threw: {}\n", name, error.what());
  } catch (...) {
    fmt::print(stderr, "process \"{}\" threw something that is no std::exception\n", name);
  }
  return kThrew;
}

}  // namespace weft::framework
