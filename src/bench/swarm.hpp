// Swarm: many client connections on one epoll set and one thread, made to cost less than the server
// they load: one shared read buffer, one recv per readiness, frames built ahead by the caller. It
// knows nothing of what is measured; the scenarios drive it by turns.
#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/messages.hpp"
#include "bench/peer.hpp"
#include "bench/tls.hpp"

namespace weft::bench {

/// Nanoseconds of the monotonic clock.
std::int64_t now_nanos();

using Member = std::uint32_t;  ///< a connection of the swarm: its place in order of joining

/// What a scenario is told, always from inside Swarm::turn().
class SwarmSink {
 public:
  virtual void on_open(Member) {}
  virtual void on_message(Member who, std::string_view payload) = 0;
  /// All that one recv brought has been told: the moment to send, once.
  virtual void on_read_end(Member) {}
  /// What did not fit when it was sent has left now.
  virtual void on_drained(Member) {}
  /// The server closed it; only here may rejoin() be called.
  virtual void on_closed(Member) {}

 protected:
  ~SwarmSink() = default;
};

class Swarm {
 public:
  explicit Swarm(SwarmSink& sink);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  /// Begins a connection; on_open tells when it is upgraded. `peer` outlives the upgrade.
  /// Throws BenchError when sockets run out.
  Member join(const Peer& peer);

  /// Begins a closed one anew under the same number.
  void rejoin(Member who, const Peer& peer);

  /// Joins `count` and turns until all are open. Throws BenchError when one is refused.
  void join_all(const Peer& peer, std::size_t count);

  /// Writes at once; what does not fit leaves when the socket drains.
  void send(Member who, std::string_view bytes);

  /// Waits for readiness until `until_nanos` at most and handles it; only looks when that is past.
  void turn(std::int64_t until_nanos);

  /// Reads nothing from it until resume(): a client that hangs.
  void pause(Member who) { set_interest(who, members_[who].wants_to_write, true); }
  void resume(Member who) { set_interest(who, members_[who].wants_to_write, false); }

  /// From now on throws away what it brings, at less cost than reading it; discarded() counts it.
  void discard(Member who) { members_[who].discards = true; }

  /// Closes every connection without a close frame, as clients vanish.
  void leave();

  /// In on_closed(): whether it had been upgraded.
  bool was_open(Member who) const { return members_[who].was_open; }
  bool is_open(Member who) const { return members_[who].state == State::open; }
  /// Whether bytes of an earlier send() still wait.
  bool is_full(Member who) const { return !members_[who].unsent.empty(); }
  std::size_t size() const { return members_.size(); }
  std::size_t open_count() const { return open_; }
  std::size_t closed_count() const { return closed_; }    ///< by the server or by an error, ever
  std::uint64_t pings() const { return pings_; }          ///< heard and answered
  std::uint64_t discarded() const { return discarded_; }  ///< bytes
  const std::string& last_error() const { return last_error_; }

 private:
  enum class State : std::uint8_t { upgrading, open, closed };
  struct Connection {
    int fd = -1;
    State state = State::closed;
    bool is_http = false;
    bool wants_to_write = false;
    bool is_paused = false;
    bool discards = false;
    bool was_open = false;
    int error = 0;  ///< errno of a failed send: the read that follows would only see the end
    std::string partial = {};  ///< the start of a reply
    std::string unsent = {};
    std::string_view hello = {};  ///< of its peer, until it is open
    std::unique_ptr<Tls> tls = {};
  };

  void connect(Member who, const Peer& peer);
  void watch(Member who, int operation);
  void set_interest(Member who, bool to_write, bool is_paused);
  ssize_t write_some(Connection& connection, std::string_view bytes);
  ssize_t read_some(Connection& connection);
  void read(Member who);
  std::size_t take_replies(Member who, std::string_view in);
  std::size_t take_upgrade(Member who, std::string_view in);
  void answer(Member who, const Reply& reply);
  void flush(Member who);
  void drop(Member who, std::string why);

  int epoll_;
  SwarmSink& sink_;
  std::vector<Connection> members_;
  std::vector<epoll_event> events_;
  std::string buffer_;
  std::size_t open_ = 0, closed_ = 0, joined_ = 0;
  std::uint64_t pings_ = 0, discarded_ = 0;
  std::string last_error_;
};

}  // namespace weft::bench
