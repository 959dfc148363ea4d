// Loop: one event-loop thread. Client sockets stand on its own epoll set (poller.hpp), whose
// descriptor the io_context watches; timers, pipes and control-plane connections use the io_context
// itself. A *turn* is one round of ready sockets or one posted task; when it ends, every stream
// that was written to is flushed once.
#pragma once
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "net/activity.hpp"
#include "net/outbox.hpp"
#include "net/poller.hpp"
#include "net/send_ring.hpp"
#include "net/timer_wheel.hpp"
#include "net/waiting.hpp"
#include "weft/result.hpp"

namespace weft::net {

class Stream;
class StreamHandler;
class Watchdog;

class Loop {
 public:
  /// The loop `index` of `count`; nothing runs before run().
  Loop(unsigned index, unsigned count, metrics::Registry& metrics);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  unsigned index() const { return index_; }
  unsigned count() const { return count_; }
  boost::asio::io_context& context() { return context_; }
  Poller& poller() { return poller_; }
  TimerWheel& timers() { return timers_; }

  /// Runs `task` on this loop, in the order of the posts of one thread. Any thread.
  template <class Task>
  void post(Task&& task) {
    boost::asio::post(context_, std::forward<Task>(task));
  }
  /// Runs `task` at once on this loop's thread, else posts it.
  template <class Task>
  void dispatch(Task&& task) {
    if (in_this_thread())
      std::forward<Task>(task)();
    else
      post(std::forward<Task>(task));
  }
  /// The loop whose run() the calling thread is inside of; nullptr on other threads.
  static Loop* current();
  /// Whether the caller runs on this loop's thread.
  bool in_this_thread() { return context_.get_executor().running_in_this_thread(); }

  /// The time this turn began: read once per turn.
  SteadyTime now() const { return now_; }

  /// What every stream of this loop reads into; its content is gone after the handler returns.
  std::span<std::byte> receive_buffer() { return {receive_buffer_.get(), kReceiveBuffer}; }

  /// Where shared frames meet: see outbox.hpp. Forgotten when the turn ends.
  Joined& joined() { return joined_; }

  WaitingBytes& waiting() { return waiting_; }
  /// What it is busy with: say it there before you call somebody else's code.
  Activity& activity() { return activity_; }

  /// The stream has bytes to send: flush it when this turn ends.
  void flush_later(Stream& stream);
  /// A stream sent the last of what was queued this long ago.
  void count_send(std::chrono::nanoseconds waited) { send_.observe(waited); }

  /// The loop owns its streams; one that ends is told so and destroyed when this turn ends.
  Stream& adopt(std::unique_ptr<Stream> stream);
  void end_later(Stream& stream, error_code error);
  /// Keeps a handler that is still on the call stack until this turn ends.
  void retire(std::unique_ptr<StreamHandler> handler);
  std::size_t streams() const { return streams_.size(); }

  /// Streams, and connections on their way here: what listeners balance by. Any thread.
  std::size_t load() const {
    return static_cast<std::size_t>(load_.load(std::memory_order_relaxed));
  }
  void add_load(std::ptrdiff_t change) { load_.fetch_add(change, std::memory_order_relaxed); }

  /// Runs on the calling thread until stop().
  void run();
  void stop();  ///< any thread

  /// Destroys every stream without telling its handler: for the end of the process and of tests.
  void drop_streams();

 private:
  friend class Poller;
  void begin_turn();
  void end_turn();
  void rest() { activity_.end_turn(); }  // the poller has no more for it
  void schedule_turn_end();
  void flush_dirty();
  void end_streams();
  void tick();

  static constexpr std::size_t kReceiveBuffer = 256 << 10;

  unsigned index_, count_;
  std::atomic<std::ptrdiff_t> load_ = 0;  // before the context, whose last tasks may change it
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer tick_timer_;
  SteadyTime now_;
  TimerWheel timers_;
  std::unique_ptr<std::byte[]> receive_buffer_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<std::unique_ptr<StreamHandler>> retired_;
  Joined joined_;
  std::vector<Stream*> dirty_, flushing_;
  std::vector<std::pair<Stream*, error_code>> ending_;
  std::unique_ptr<SendRing> ring_;  // only while run() runs, and where the kernel has one
  bool turn_end_posted_ = false, in_turn_ = false;
  metrics::Histogram &lag_, &send_;
  WaitingBytes waiting_;
  Activity activity_;
  Poller poller_;
};

/// The node's loops and their threads.
class LoopPool {
 public:
  /// Throws std::runtime_error for a WEFT_IO that cannot be: see send_ring.hpp.
  LoopPool(unsigned count, metrics::Registry& metrics);
  ~LoopPool();

  /// Whether turns are sent through io_uring.
  bool uses_ring() const { return uses_ring_; }

  /// The loop of this pool whose thread calls; nullptr on all others.
  Loop* current() {
    Loop* const loop = Loop::current();
    return loop && loop->index() < loops_.size() && loops_[loop->index()].get() == loop ? loop
                                                                                        : nullptr;
  }
  Loop& at(std::size_t index) { return *loops_[index]; }
  unsigned size() const { return static_cast<unsigned>(loops_.size()); }
  auto begin() { return loops_.begin(); }
  auto end() { return loops_.end(); }

  /// What holds a loop up for longer than `limit` is logged and counted: activity.hpp. Before
  /// start().
  void watch(Millis limit);

  void start();  ///< one thread per loop
  void join();   ///< until every loop was stopped
  void stop_and_join();

 private:
  metrics::Registry& metrics_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
  std::unique_ptr<Watchdog> watchdog_;
  bool uses_ring_ = false;
};

}  // namespace weft::net
