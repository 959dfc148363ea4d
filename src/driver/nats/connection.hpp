// Connection: one connection to NATS from its first byte to its end, and the thread that may wait
// for it. Knows no requests: client.cpp says who waits for what.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "driver/nats/client.hpp"

struct __natsConnection;
struct __natsSubscription;

namespace weft::nats {

struct Outgoing {
  std::string subject, reply, bytes;
  Headers headers;
  std::size_t size() const { return subject.size() + bytes.size(); }
};

struct Opened {
  std::string server;
  std::size_t max_payload = 0;
};

/// Called on the loop, never during a call of the connection and never after close().
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void on_open(const Opened& opened) = 0;
  virtual void on_end(const std::string& why) = 0;  ///< once, also when it could not be made
  virtual void on_message(std::size_t subscription, Message message) = 0;
};

/// A way to the loop that can be shut: our thread and those of libnats may live longer than it.
class WayToLoop {
 public:
  explicit WayToLoop(net::Loop& loop) : loop_(&loop) {}
  template <class Task>
  void post(Task&& task) {
    const std::lock_guard lock(mutex_);
    if (loop_) loop_->post(std::forward<Task>(task));
  }
  void shut() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  net::Loop* loop_;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// Subscriptions are numbered from 0 in the order of `subjects`, those of subscribe() behind
  /// them.
  Connection(net::Loop& loop, NatsOptions options, std::vector<std::string> subjects,
             ConnectionOwner& owner);

  // --- on the loop ---
  void open();
  void subscribe(std::string subject);
  void send(std::vector<Outgoing> batch);
  /// What was sent still goes, as far as the server takes it. Does not wait.
  void close();
  /// The same, and waits up to `patience` until the server has it: a process that ends right after
  /// this would take it along.
  void close_gently(std::chrono::milliseconds patience);

  std::size_t unsent_bytes() const { return unsent_bytes_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Hearing;
  struct Work {
    std::string subscribe;  ///< a subject, or
    std::vector<Outgoing> send;
  };

  // --- on our thread ---
  void run();
  std::string connect();
  std::string subscribe_first();
  std::string listen(const std::string& subject);
  void work_off();
  std::string work_until_end();
  std::string carry_out(Work work);
  std::string write(Outgoing& outgoing);
  std::string last_error() const;
  void end();

  // --- on threads of libnats, and ours ---
  void on_closed();
  void take(std::size_t subscription, Message message);
  void tell_open();
  void tell_end(std::string why);

  void deliver();  // on the loop

  const NatsOptions options_;
  std::vector<std::string> subjects_;
  WayToLoop way_;
  ConnectionOwner* owner_;  // of the loop; nullptr = closed

  __natsConnection* connection_ = nullptr;  // of our thread
  std::vector<__natsSubscription*> subscriptions_;

  std::mutex mutex_;
  std::condition_variable has_work_, worked_off_;
  std::deque<Work> work_;
  bool is_open_ = false, ending_ = false;

  using Arrived = std::vector<std::pair<std::size_t, Message>>;  // with its subscription
  Arrived delivering_;                                           // of the loop
  std::size_t delivered_ = 0;                                    // so many of them
  std::mutex arrived_mutex_;
  Arrived arrived_;
  bool is_delivering_ = false;  // somebody is on the way to the loop

  std::atomic<std::size_t> unsent_bytes_ = 0, waiting_bytes_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<bool> told_end_ = false;
};

}  // namespace weft::nats
