// Broker: the bus between the nodes. Bytes that one node publishes to a subject reach every node
// that is subscribed to it, at most once, and those of one node in the order of its calls. The bus
// is never trusted: what was lost is found by those who use it (cluster/). Engines: memory_broker
// (nodes of one process), redis_broker, nats_broker; broker_contract.hpp is what all of them pass.
//
// A broker lives on one loop: it is made, called and destroyed there, and calls its sink there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weft/result.hpp"

namespace weft::broker {

enum class BrokerErrc {
  down = 1,   ///< there is no connection: nothing was sent, try again after on_up()
  full,       ///< the connection takes no more for now (BrokerOptions::max_unsent_bytes)
  too_large,  ///< over max_payload()
  stopped
};
error_code make_error_code(BrokerErrc error);

/// Who hears the bus.
class BrokerSink {
 public:
  virtual ~BrokerSink() = default;
  /// `bytes` are good during the call. `subject` is without the prefix. A node hears what it
  /// publishes itself only where it is subscribed to the subject.
  virtual void on_message(std::string_view subject, std::span<const std::byte> bytes) = 0;
  /// Every subscription is in force: what is published from now on arrives. After an on_down(),
  /// what was published in between is lost.
  virtual void on_up() = 0;
  /// `why` is for people: what failed, where. publish() gives `down` until on_up().
  virtual void on_down(const std::string& why) = 0;
};

struct BrokerStatus {
  bool up = false;
  std::string server;    ///< engine, version and address: "redis 7.0.15 at 127.0.0.1:6379"
  std::string why_down;  ///< "" while it is up
  std::uint64_t reconnects = 0;
  std::size_t unsent_bytes = 0;
};

class Broker {
 public:
  virtual ~Broker() = default;

  /// Connects, and connects again after every loss: at once, then after 50 ms, doubling up to 2 s,
  /// each with half of it at random. `sink` outlives stop() and is never called during this call.
  virtual void start(BrokerSink& sink) = 0;
  /// The sink is called no more. What was published is handed to the connection first, as far as it
  /// takes it at once.
  virtual void stop() = 0;

  /// Before start(); kept over reconnects. Subjects are of letters, digits, '.', '-' and '_'.
  virtual void subscribe(std::string subject) = 0;

  /// At once, or an error; what is accepted leaves in the order of the calls.
  virtual error_code publish(std::string_view subject, std::span<const std::byte> bytes) = 0;

  /// Drops the connection and makes a new one (on_down() and on_up() follow): for who finds that
  /// nothing arrives although the connection looks well.
  virtual void reconnect(std::string why) = 0;

  virtual std::size_t max_payload() const = 0;  ///< bytes of one publish()
  virtual BrokerStatus status() const = 0;
};

/// What every engine over a network is told.
struct BrokerOptions {
  std::string prefix;                       ///< of every subject: keeps applications apart
  std::string name;                         ///< of this connection, for the broker's lists
  std::size_t max_unsent_bytes = 64 << 20;  ///< above it publish() gives `full`
};

}  // namespace weft::broker

template <>
struct boost::system::is_error_code_enum<weft::broker::BrokerErrc> : std::true_type {};
