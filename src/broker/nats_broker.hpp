// NatsBroker: the bus over NATS core. One connection; a subject of the bus is `<prefix>.<subject>`
// there, with the prefix as one token (nats::token_of).
#pragma once
#include <memory>

#include "broker/broker.hpp"
#include "driver/nats/client.hpp"

namespace weft::broker {

class NatsBroker final : public Broker {
 public:
  /// `server`: where, and as whom; its name and its bound are those of `options`.
  NatsBroker(net::Loop& loop, nats::NatsOptions server, BrokerOptions options);
  ~NatsBroker() override { stop(); }

  void start(BrokerSink& sink) override;
  void stop() override;
  void subscribe(std::string subject) override;
  error_code publish(std::string_view subject, std::span<const std::byte> bytes) override;
  void reconnect(std::string why) override;
  std::size_t max_payload() const override;
  BrokerStatus status() const override;

 private:
  const std::string prefix_;  // with its dot
  std::string subject_;       // of what is published now: one allocation for all
  BrokerSink* sink_ = nullptr;
  nats::NatsClient client_;
};

}  // namespace weft::broker
