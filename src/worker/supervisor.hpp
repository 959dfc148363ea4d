// Supervisor: starts worker programs, restarts them with back-off when they end, writes their
// output into our log, and never leaves one behind. It knows nothing of jobs: workers come back to
// us over the API.
#pragma once
#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/loop.hpp"
#include "worker/restart_policy.hpp"

namespace weft::worker {

/// One program, run `count` times.
struct WorkerSpec {
  std::string name;
  std::string command;         ///< for /bin/sh -c
  std::string directory = {};  ///< working directory; "" = ours
  unsigned count = 1;
  std::map<std::string, std::string> environment =
      {};  ///< added to ours; WEFT_WORKER_NAME and _NUMBER come by themselves
};

struct SupervisorOptions {
  RestartPolicy::Options restart = {};
  Millis grace{5'000};          ///< between SIGTERM and SIGKILL
  std::size_t max_line = 4096;  ///< bytes of one line of output; the rest of it is cut
  /// Where a line of output goes; empty = the log, as "[name#1] line".
  std::function<void(const std::string& worker, std::string_view line)> on_line = {};
  /// A process started, or one ended and will start again; empty = the log.
  std::function<void(const std::string& worker, pid_t pid)> on_start = {};
};

struct WorkerStatus {
  std::string name;  ///< "chat#1"
  pid_t pid = 0;     ///< 0 = waiting to be restarted
  unsigned restarts = 0;
};

class Supervisor {
 public:
  /// Lives on `loop`; every call on its thread. Workers die with the thread that started them, also
  /// when it is killed.
  Supervisor(net::Loop& loop, std::vector<WorkerSpec> specs, SupervisorOptions options = {});
  /// Kills at once what still runs.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  void start();
  /// Ends every worker and starts it again: one SIGTERM, the same grace.
  void restart();
  /// SIGTERM to every process group, SIGKILL after the grace; `done` when the last has ended. No
  /// restarts from here on.
  void stop(std::function<void()> done);

  std::vector<WorkerStatus> status() const;

 private:
  class Process;
  std::vector<std::shared_ptr<Process>> processes_;
};

}  // namespace weft::worker
