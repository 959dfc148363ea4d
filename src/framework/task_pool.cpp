#include "framework/task_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>

#include "base/log.hpp"

namespace weft {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weft.task"; }
  std::string message(int value) const override {
    switch (static_cast<TaskErrc>(value)) {
      case TaskErrc::timed_out:
        return "the task took longer than its timeout";
      case TaskErrc::threw:
        return "the task threw an exception";
      case TaskErrc::full:
        return "too many tasks wait (framework.tasks.max_waiting)";
      case TaskErrc::stopped:
        return "the server is not running";
    }
    return "unknown error";
  }
};

}  // namespace

error_code make_error_code(TaskErrc error) {
  static const Category category;
  return {static_cast<int>(error), category};
}

namespace framework {

TaskPool::TaskPool(TaskPoolOptions options, metrics::Registry& metrics)
    : options_({std::max(options.threads, 1u), options.max_waiting}),
      waiting_gauge_(metrics.gauge("weft_tasks_waiting", "tasks that wait for a thread")),
      running_gauge_(metrics.gauge("weft_tasks_running", "tasks that a thread works on")),
      threads_gauge_(metrics.gauge("weft_task_threads", "threads of the task pool that run")),
      done_(metrics.counter("weft_tasks_done_total", "tasks that gave a result in time")),
      timed_out_(metrics.counter("weft_tasks_failed_total", "tasks without a result, by reason",
                                 "reason=\"timed_out\"")),
      threw_(metrics.counter("weft_tasks_failed_total", "tasks without a result, by reason",
                             "reason=\"threw\"")),
      refused_(metrics.counter("weft_tasks_failed_total", "tasks without a result, by reason",
                               "reason=\"full\"")) {}

TaskPool::~TaskPool() { stop(); }

void TaskPool::start_threads() {
  threads_gauge_.set(static_cast<std::int64_t>(options_.threads));
  clock_ = std::thread([this] { run_clock(); });
  for (unsigned i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { run(); });
    ::pthread_setname_np(threads_.back().native_handle(), ("task" + std::to_string(i)).c_str());
  }
}

void TaskPool::submit(Work work, Failed failed, Millis timeout) {
  const auto task = std::make_shared<Task>();
  task->work = std::move(work);
  task->failed = std::move(failed);
  std::unique_lock lock(mutex_);
  if (stopping_ || waiting_.size() >= options_.max_waiting) {
    const TaskErrc why = stopping_ ? TaskErrc::stopped : TaskErrc::full;
    if (!stopping_) refused_.add();
    lock.unlock();
    return task->failed(why);
  }
  if (threads_.empty()) start_threads();
  waiting_.push_back(task);
  waiting_gauge_.set(static_cast<std::int64_t>(waiting_.size()));
  if (timeout.count() > 0) {
    const auto place =
        deadlines_.emplace(std::chrono::steady_clock::now() + timeout, std::weak_ptr(task));
    if (place == deadlines_.begin()) clock_changed_.notify_one();
  }
  lock.unlock();
  work_came_.notify_one();
}

void TaskPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_came_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::shared_ptr<Task> task = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_gauge_.set(static_cast<std::int64_t>(waiting_.size()));
    running_gauge_.set(static_cast<std::int64_t>(++running_));
    lock.unlock();
    perform(*task);
    lock.lock();
    running_gauge_.set(static_cast<std::int64_t>(--running_));
  }
}

// What the work and its captures throw away, it throws away here, outside of the lock.
void TaskPool::perform(Task& task) {
  try {
    task.work();
    if (take_over(task)) {
      const std::lock_guard lock(mutex_);
      done_.add();
    }
  } catch (const std::exception& error) {
    count_throw(task, error.what());
  } catch (...) {
    count_throw(task, "something that is no std::exception");
  }
  task.work = nullptr;
}

void TaskPool::count_throw(Task& task, const char* what) {
  log::error("a task threw: {}", what);
  if (!take_over(task)) return;
  {
    const std::lock_guard lock(mutex_);
    threw_.add();
  }
  task.failed(TaskErrc::threw);
}

/// True for the first who asks: the others must not tell.
bool TaskPool::take_over(Task& task) {
  const std::lock_guard lock(mutex_);
  return !std::exchange(task.over, true);
}

void TaskPool::run_clock() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (deadlines_.empty()) {
      clock_changed_.wait(lock);
      continue;
    }
    clock_changed_.wait_until(lock, deadlines_.begin()->first);
    const auto now = std::chrono::steady_clock::now();
    std::vector<std::shared_ptr<Task>> late;
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
      const std::shared_ptr<Task> task = deadlines_.begin()->second.lock();
      deadlines_.erase(deadlines_.begin());
      if (!task || std::exchange(task->over, true)) continue;
      std::erase(waiting_, task);
      late.push_back(task);
    }
    waiting_gauge_.set(static_cast<std::int64_t>(waiting_.size()));
    timed_out_.add(late.size());
    lock.unlock();
    fail(std::move(late), TaskErrc::timed_out);
    lock.lock();
  }
}

void TaskPool::fail(std::vector<std::shared_ptr<Task>> tasks, TaskErrc error) {
  for (const auto& task : tasks) task->failed(error);
}

void TaskPool::stop() {
  std::vector<std::shared_ptr<Task>> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& task : waiting_)
      if (!std::exchange(task->over, true)) left.push_back(task);
    waiting_.clear();
    waiting_gauge_.set(0);
  }
  work_came_.notify_all();
  clock_changed_.notify_all();
  fail(std::move(left), TaskErrc::stopped);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (clock_.joinable()) clock_.join();
}

}  // namespace framework
}  // namespace weft
