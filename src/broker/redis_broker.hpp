// RedisBroker: the bus over Redis' PUBLISH and SUBSCRIBE, one server or a master that Sentinel
// watches. Two connections: one that publishes without waiting for answers, one that hears. A
// subject is the channel `<prefix>:<subject>`. A user of Redis needs +publish, +subscribe and +ping
// and the channels `<prefix>:*`; +info, +client and +role are nice to have.
#pragma once
#include <optional>
#include <string>

#include "base/log.hpp"
#include "broker/broker.hpp"
#include "driver/redis/line.hpp"
#include "driver/redis/subscriber.hpp"

namespace weft::broker {

class RedisBroker final : public Broker, private redis::LineUser, private redis::Listener {
 public:
  /// A fraction of what Redis lets a slow subscriber have unread (32 MiB, then it drops him).
  static constexpr std::size_t kMaxPayload = 8 << 20;

  /// Of `redis`, names and waits are set here.
  RedisBroker(net::Loop& loop, redis::RedisOptions redis, BrokerOptions options);
  ~RedisBroker() override { stop(); }

  void start(BrokerSink& sink) override;
  void stop() override;
  void subscribe(std::string subject) override;
  error_code publish(std::string_view subject, std::span<const std::byte> bytes) override;
  void reconnect(std::string why) override;
  std::size_t max_payload() const override { return kMaxPayload; }
  /// While PUBLISH is refused it is up, and `why_down` says what Redis says.
  BrokerStatus status() const override;

 private:
  // the connection that publishes
  void on_open() override;
  void on_reply(const redis::Reply& reply) override;
  void on_lost(const std::string& why) override;
  void on_first_reply(const redis::Reply& reply);
  void on_refused(const std::string& why);
  // the one that hears
  void on_message(std::string_view channel, std::span<const std::byte> bytes) override;
  void on_subscribed() override;
  void on_deaf(const std::string& why) override;

  void rise_when_both_are_ready();
  void fall(const std::string& why);
  void renew_what_is_ready();
  std::string channel_of(std::string_view subject) const { return prefix_ + std::string(subject); }

  net::Loop& loop_;
  const BrokerOptions options_;
  const std::string prefix_;  ///< of channels, with its colon
  redis::Line publishing_;
  redis::Subscriber hearing_;
  BrokerSink* sink_ = nullptr;
  bool was_stopped_ = false;
  bool can_publish_ = false, can_hear_ = false;
  bool is_up_ = false, has_been_up_ = false, has_complained_ = false;
  std::string version_, why_down_;
  std::string refusal_;  ///< of PUBLISH; "" since one was accepted
  std::uint64_t reconnects_ = 0;
  log::Limiter refusals_{std::chrono::seconds(60)};
  std::shared_ptr<int> here_ = std::make_shared<int>();  ///< for what was posted
};

}  // namespace weft::broker
