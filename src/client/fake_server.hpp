// For tests: a directory and a node in one, on a free port of the loopback, with Boost.Beast's
// WebSocket on the other side of ours. What arrives waits in inboxes; what is answered the test
// decides.
#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace weft::client {

/// Values on their way from some thread to the test's.
template <class T>
class Inbox {
 public:
  void put(T value) {
    {
      const std::lock_guard lock(mutex_);
      values_.push_back(std::move(value));
    }
    changed_.notify_one();
  }

  /// The oldest value; waits for it, and throws when none comes for a minute.
  T take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(60), [this] { return !values_.empty(); })) {
      throw std::runtime_error("nothing came");
    }
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

  bool empty() const {
    const std::lock_guard lock(mutex_);
    return values_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

class FakeSession;
using SessionId = int;  ///< one WebSocket, counted from 1

/// One text message that came over a WebSocket.
struct Received {
  SessionId session = 0;
  std::string text;
};

class FakeServer {
 public:
  FakeServer();
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  const std::string& address() const { return address_; }

  // --- As a node ---
  Inbox<std::string> handshakes;  ///< the Authorization header of each, or ""
  Inbox<Received> requests;
  void send(SessionId to, std::string text);
  void drop(SessionId session);  ///< without a goodbye
  void refuse_handshakes(bool refuse);
  /// Reads nothing more from this session: neither calls nor pings are answered.
  void go_deaf(SessionId session);

  // --- As a directory ---
  void answer(const std::string& path, std::string body);  ///< with 200; other paths get 404
  void answer_nodes(const std::vector<const FakeServer*>& nodes);

 private:
  friend class FakeSession;
  struct Listener;

  std::string address_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, std::string> answers_;
  bool refuse_ = false;

  boost::asio::io_context io_{1};
  std::map<SessionId, std::shared_ptr<FakeSession>>
      sessions_;  // kept to the end; only on the server's thread
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

}  // namespace weft::client
