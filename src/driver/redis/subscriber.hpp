// Subscriber: hears some channels of Redis. Connects again after every loss, as a Line does.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "driver/redis/line.hpp"

namespace weft::redis {

/// Who hears. May stop or destroy its subscriber in every call.
class Listener {
 public:
  virtual ~Listener() = default;
  /// `bytes` are good during the call.
  virtual void on_message(std::string_view channel, std::span<const std::byte> bytes) = 0;
  /// The server has acknowledged every channel: what is published from now on arrives.
  virtual void on_subscribed() = 0;
  /// Lost, or not come about. Another attempt is under way.
  virtual void on_deaf(const std::string& why) = 0;
};

class Subscriber final : private LineUser {
 public:
  /// Lives on `loop`.
  Subscriber(net::Loop& loop, RedisOptions options) : line_(loop, std::move(options)) {}

  void add(std::string channel) { channels_.push_back(std::move(channel)); }  ///< before start()
  /// `listener` is not called during this call, and not after stop().
  void start(Listener& listener);
  void stop() { line_.stop(); }
  /// Drops the connection and makes a new one; the listener knows, and is not told.
  void renew() { line_.renew(); }
  /// As Line::settle(): best called when on_subscribed() comes.
  void settle() { line_.settle(); }
  Address address() const { return line_.address(); }

 private:
  void on_open() override;
  void on_reply(const Reply& reply) override;
  void on_lost(const std::string& why) override { listener_->on_deaf(why); }

  Line line_;
  std::vector<std::string> channels_;
  Listener* listener_ = nullptr;
  std::size_t acknowledged_ = 0;
};

}  // namespace weft::redis
