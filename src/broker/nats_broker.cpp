#include "broker/nats_broker.hpp"

namespace weft::broker {
namespace {

nats::NatsOptions with(nats::NatsOptions server, const BrokerOptions& options) {
  server.name = options.name;
  server.max_unsent_bytes = options.max_unsent_bytes;
  return server;
}

BrokerErrc bus_error(const error_code& error) {
  if (error == nats::NatsErrc::full) return BrokerErrc::full;
  if (error == nats::NatsErrc::too_large) return BrokerErrc::too_large;
  if (error == nats::NatsErrc::stopped) return BrokerErrc::stopped;
  return BrokerErrc::down;
}

}  // namespace

NatsBroker::NatsBroker(net::Loop& loop, nats::NatsOptions server, BrokerOptions options)
    : prefix_(nats::token_of(options.prefix) + "."), client_(loop, with(server, options)) {}

void NatsBroker::start(BrokerSink& sink) {
  sink_ = &sink;
  nats::Watcher watcher;
  watcher.on_up = [this] { sink_->on_up(); };
  watcher.on_down = [this](const std::string& why) { sink_->on_down(why); };
  client_.start(std::move(watcher));
}

void NatsBroker::stop() { client_.stop(); }

void NatsBroker::subscribe(std::string subject) {
  client_.subscribe(prefix_ + subject, [this](const nats::Message& message) {
    sink_->on_message(message.subject().substr(prefix_.size()), message.bytes());
  });
}

error_code NatsBroker::publish(std::string_view subject, std::span<const std::byte> bytes) {
  subject_.assign(prefix_).append(subject);
  const error_code error = client_.publish(subject_, bytes);
  return error ? bus_error(error) : error_code{};
}

void NatsBroker::reconnect(std::string why) { client_.reconnect(std::move(why)); }

std::size_t NatsBroker::max_payload() const { return client_.status().max_payload; }

BrokerStatus NatsBroker::status() const {
  const nats::NatsStatus of_client = client_.status();
  BrokerStatus status;
  status.up = of_client.up;
  if (!of_client.server.empty()) status.server = "nats at " + of_client.server;
  status.why_down = of_client.why_down;
  status.reconnects = of_client.reconnects;
  status.unsent_bytes = of_client.unsent_bytes;
  return status;
}

}  // namespace weft::broker
