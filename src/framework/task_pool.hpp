// TaskPool: threads for work that blocks or computes, so that no loop has to. Work waits in a
// bounded queue; its deadline runs from the moment it is submitted, and what has not begun by then
// never begins. Any thread may submit; whoever asked hears exactly once: from the work itself, or
// from `failed`, on a thread of the pool or on the caller's.
//
// The queue is under a lock: tasks take long, messages never come here by themselves.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "weft/result.hpp"
#include "weft/task_pool.hpp"

namespace weft::framework {

struct TaskPoolOptions {
  unsigned threads = 4;
  std::size_t max_waiting = 1000;
};

class TaskPool {
 public:
  /// Threads start with the first task.
  TaskPool(TaskPoolOptions options, metrics::Registry& metrics);
  /// As stop().
  ~TaskPool();

  using Work = std::function<void()>;
  using Failed = std::function<void(error_code)>;
  /// Runs `work` on a thread of the pool. `timeout` 0 = no deadline. `failed` gets TaskErrc: full
  /// and stopped before this returns, timed_out when the deadline passes before the work has ended,
  /// threw when it throws. After timed_out the work may still run; it then finishes unheard.
  void submit(Work work, Failed failed, Millis timeout);

  /// What waits fails with `stopped`, what runs is waited for. Nothing is taken from here on.
  void stop();

 private:
  struct Task {
    Work work;
    Failed failed;
    bool over = false;  ///< somebody has been told
  };
  using Deadline = std::chrono::steady_clock::time_point;
  void start_threads();
  void run();
  void run_clock();
  void perform(Task& task);
  void count_throw(Task& task, const char* what);
  bool take_over(Task& task);
  void fail(std::vector<std::shared_ptr<Task>> tasks, TaskErrc error);

  const TaskPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable work_came_, clock_changed_;
  std::deque<std::shared_ptr<Task>> waiting_;
  std::multimap<Deadline, std::weak_ptr<Task>> deadlines_;
  std::size_t running_ = 0;
  bool stopping_ = false;
  metrics::Gauge &waiting_gauge_, &running_gauge_, &threads_gauge_;  // written under the lock
  metrics::Counter &done_, &timed_out_, &threw_, &refused_;
  std::vector<std::thread> threads_;
  std::thread clock_;
};

}  // namespace weft::framework
