// Processes: what a program runs beside its server, each as a process of its own. The program
// starts itself again with WEFT_PROCESS=NAME, and the server that it then runs is the body of that
// process. Started, restarted with back-off and stopped by the same supervisor as workers.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "weft/process.hpp"
#include "worker/supervisor.hpp"

namespace weft::framework {

using ProcessBody = std::function<int(ProcessContext&)>;

class Processes {
 public:
  /// Throws std::invalid_argument when the name is taken or is not 1 to 64 letters, digits, - and
  /// _.
  void add(std::string name, ProcessBody body);
  bool empty() const { return all_.empty(); }

  /// How the supervisor starts them; `directory` is "host:port" for weft::client, or "". Throws
  /// std::runtime_error when the kernel does not say which program this is.
  std::vector<worker::WorkerSpec> specs(const std::string& directory) const;

  /// Whether this is a process that was started as one of them; and whether it is known here (yet).
  static bool is_asked();
  bool knows_asked() const { return find_asked() != nullptr; }

  /// In a process that was started as one of them: runs its body and gives the exit code, 70 when
  /// it threw, 64 when the program has no such process (any more). nullopt: this is the server
  /// itself. Answers once, so that the body may run servers of its own.
  std::optional<int> run_if_asked(const std::vector<std::string>& arguments) const;

 private:
  struct Process {
    std::string name;
    ProcessBody body;
  };
  const Process* find_asked() const;
  std::vector<Process> all_;
};

}  // namespace weft::framework
