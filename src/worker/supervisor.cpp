#include "worker/supervisor.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.hpp"
#include "worker/line_splitter.hpp"
#include "worker/spawn.hpp"

namespace weft::worker {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr Millis kPoll{100};  // where the kernel gives no pidfd

/// "ended with status 1", "was killed by signal 9".
std::string describe_end(int status) {
  if (WIFEXITED(status)) return "ended with status " + std::to_string(WEXITSTATUS(status));
  return "was killed by signal " + std::to_string(WTERMSIG(status));
}

}  // namespace

/// One place among the workers: the process that runs in it now, or the wait for the next one. Kept
/// alive by what it waits for.
class Supervisor::Process : public std::enable_shared_from_this<Process> {
 public:
  Process(net::Loop& loop, WorkerSpec spec, unsigned number, const SupervisorOptions& options)
      : loop_(loop),
        spec_(std::move(spec)),
        options_(options),
        policy_(options.restart),
        restart_(loop.context()),
        kill_(loop.context()),
        exit_(loop.context()),
        poll_(loop.context()),
        output_(loop.context()),
        lines_(options.max_line) {
    name_ = spec_.name + "#" + std::to_string(number);
    spec_.environment["WEFT_WORKER_NAME"] = spec_.name;
    spec_.environment["WEFT_WORKER_NUMBER"] = std::to_string(number);
  }

  void start() {
    if (stopping_ || pid_ != 0) return;
    started_ = Clock::now();
    const Result<Child> child = spawn(spec_.command, spec_.directory, spec_.environment);
    if (!child) {
      log::error("[{}] cannot start: {}", name_, child.error().message());
      return start_again(Millis{0});
    }
    pid_ = child->pid;
    asked_to_end_ = false;
    output_ = asio::posix::stream_descriptor(loop_.context(), child->output);
    lines_ = LineSplitter(options_.max_line);
    read_output();
    wait_for_exit();
    if (options_.on_start)
      options_.on_start(name_, pid_);
    else
      log::info("[{}] started, pid {}", name_, pid_);
  }

  /// SIGTERM now, SIGKILL after the grace.
  void terminate() {
    if (pid_ == 0) return;
    asked_to_end_ = true;
    ::kill(-pid_, SIGTERM);
    kill_.expires_after(options_.grace);
    kill_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled || self->pid_ == 0) return;
      log::warn("[{}] did not end in {} ms: killed", self->name_, self->options_.grace.count());
      ::kill(-self->pid_, SIGKILL);
    });
  }

  void stop(std::function<void()> done) {
    stopping_ = true;
    restart_.cancel();
    if (pid_ == 0) return done();
    done_ = std::move(done);
    terminate();
  }

  /// For the end of the supervisor: nothing is waited for but the process itself.
  void kill_now() {
    stopping_ = true;
    done_ = nullptr;
    restart_.cancel();
    kill_.cancel();
    poll_.cancel();
    error_code ignored;
    exit_.close(ignored);
    output_.close(ignored);
    if (pid_ == 0) return;
    ::kill(-pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

  WorkerStatus status() const { return {name_, pid_, restarts_}; }

 private:
  void read_output() {
    output_.async_read_some(asio::buffer(buffer_), [self = shared_from_this(), pid = pid_](
                                                       error_code error, std::size_t size) {
      if (self->pid_ != pid && error == asio::error::operation_aborted) return;
      const auto take = [&](std::string_view line) { self->say(line); };
      if (error) return self->lines_.finish(take);
      self->lines_.feed({self->buffer_.data(), size}, take);
      self->read_output();
    });
  }

  void say(std::string_view line) {
    if (options_.on_line)
      options_.on_line(name_, line);
    else
      log::info("[{}] {}", name_, line);
  }

  void wait_for_exit() {
    const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (descriptor < 0) return poll_for_exit();
    exit_ = asio::posix::stream_descriptor(loop_.context(), descriptor);
    exit_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](error_code error) {
                       if (!error) self->reap();
                     });
  }

  void poll_for_exit() {
    poll_.expires_after(kPoll);
    poll_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled || self->pid_ == 0) return;
      if (!self->reap()) self->poll_for_exit();
    });
  }

  /// True when the process has ended.
  bool reap() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    // What it started and left behind goes with it; its pipe then ends too.
    ::kill(-pid_, SIGKILL);
    pid_ = 0;
    error_code ignored;
    exit_.close(ignored);
    kill_.cancel();
    drain_output();
    if (!asked_to_end_) log::warn("[{}] {}", name_, describe_end(status));
    if (stopping_) {
      if (done_) std::exchange(done_, nullptr)();
      return true;
    }
    if (asked_to_end_)
      start_again_at_once();
    else
      start_again(std::chrono::duration_cast<Millis>(Clock::now() - started_));
    return true;
  }

  /// Its last words are in the pipe still.
  void drain_output() {
    const auto take = [this](std::string_view line) { say(line); };
    if (output_.is_open()) {
      const int descriptor = output_.native_handle();
      std::array<char, 4096> rest;
      for (int rounds = 0; rounds < 64; ++rounds) {
        const ssize_t size = ::read(descriptor, rest.data(), rest.size());
        if (size <= 0) break;
        lines_.feed({rest.data(), static_cast<std::size_t>(size)}, take);
      }
    }
    lines_.finish(take);
    error_code ignored;
    output_.close(ignored);
  }

  void start_again_at_once() {
    ++restarts_;
    loop_.post([self = shared_from_this()] { self->start(); });
  }

  void start_again(Millis ran) {
    const Millis wait = policy_.after_run_of(ran);
    log::info("[{}] starts again in {} ms", name_, wait.count());
    restart_.expires_after(wait);
    restart_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      ++self->restarts_;
      self->start();
    });
  }

  net::Loop& loop_;
  WorkerSpec spec_;
  const SupervisorOptions options_;
  RestartPolicy policy_;
  std::string name_;
  pid_t pid_ = 0;
  unsigned restarts_ = 0;
  Clock::time_point started_;
  bool stopping_ = false, asked_to_end_ = false;
  asio::steady_timer restart_, kill_;
  asio::posix::stream_descriptor exit_;  // a pidfd: readable when the process has ended
  asio::steady_timer poll_;
  asio::posix::stream_descriptor output_;
  LineSplitter lines_;
  std::array<char, 4096> buffer_;
  std::function<void()> done_;
};

Supervisor::Supervisor(net::Loop& loop, std::vector<WorkerSpec> specs, SupervisorOptions options) {
  for (const WorkerSpec& spec : specs)
    for (unsigned number = 1; number <= spec.count; ++number)
      processes_.push_back(std::make_shared<Process>(loop, spec, number, options));
}

Supervisor::~Supervisor() {
  for (const auto& process : processes_) process->kill_now();
}

void Supervisor::start() {
  for (const auto& process : processes_) process->start();
}

void Supervisor::restart() {
  for (const auto& process : processes_) process->terminate();
}

void Supervisor::stop(std::function<void()> done) {
  // Each process holds one share; the last to let go says that all have ended.
  const std::shared_ptr<void> all(nullptr, [done = std::move(done)](void*) { done(); });
  for (const auto& process : processes_) process->stop([all] {});
}

std::vector<WorkerStatus> Supervisor::status() const {
  std::vector<WorkerStatus> all;
  for (const auto& process : processes_) all.push_back(process->status());
  return all;
}

}  // namespace weft::worker
