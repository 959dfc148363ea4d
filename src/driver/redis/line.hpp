// Line: keeps one connection to Redis open. It connects without being asked to, again after every
// loss, and finds out by itself that a server has fallen silent. What is sent and what comes back
// is its user's business; PINGs of its own, and their answers, are between.
#pragma once
#include <memory>
#include <string>

#include "driver/redis/client.hpp"

namespace weft::redis {

/// May stop or destroy its line in every call.
class LineUser {
 public:
  virtual ~LineUser() = default;
  virtual void on_open() = 0;  ///< connected and let in: from now on send()
  virtual void on_reply(const Reply& reply) = 0;
  /// The connection was lost, or could not be made. Another attempt is under way.
  virtual void on_lost(const std::string& why) = 0;
};

class Line {
 public:
  /// Lives on `loop`: made, called and destroyed on its thread.
  Line(net::Loop& loop, RedisOptions options);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// `user` is not called during this call, and not after stop().
  void start(LineUser& user);
  /// What was sent is still written, for a second at most and as long as the loop runs.
  void stop();

  /// While the connection is open. What is sent in one turn goes along together.
  void send(std::string_view bytes);
  std::size_t unsent_bytes() const;
  bool is_open() const;
  Address address() const;  ///< of the present connection

  /// What the connection was made for works: the next loss is followed by an attempt at once. Else
  /// after 50 ms, doubling up to RedisOptions::longest_wait, half of it at random.
  void settle();
  /// Drops the connection, or the attempt; the next one comes when it is due. The user knows, and
  /// is not told.
  void renew();

 private:
  class Link;
  std::shared_ptr<Link> link_;
};

}  // namespace weft::redis
