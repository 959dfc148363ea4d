// MemoryBroker: the bus of nodes that share one process, and so of tests. What the engines over a
// network do for real can be asked for here: a node is cut off, hears nothing although its
// connection looks well, or loses single messages.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "broker/broker.hpp"
#include "net/loop.hpp"

namespace weft::broker {

/// What the brokers of one process have in common. They may live on several loops: a message
/// travels as a post, made under a mutex, so there is one order for all. Any thread.
class MemoryBus {
 public:
  static constexpr std::size_t kMaxPayload = 1 << 20;  // that of NATS, the smallest of all engines

  // For tests: `name` is BrokerOptions::name, and means every broker that has it, also those that
  // are made later.
  void cut(const std::string& name, std::string why = "cut off the bus");  ///< down until heal()
  void heal(const std::string& name);  ///< undoes cut() and deafen()
  /// What it sends and what is sent to it is lost, and nobody is told, until it reconnects.
  void deafen(const std::string& name);
  /// The next `count` messages to it are lost.
  void lose(const std::string& name, std::size_t count);

 private:
  friend class MemoryBroker;
  struct Seat;
  struct Message;
  struct Fault {
    std::string name, why;
  };

  void add(std::shared_ptr<Seat> seat);
  void remove(const std::shared_ptr<Seat>& seat);
  error_code publish(Seat& from, std::string_view subject, std::span<const std::byte> bytes);
  void reconnect(Seat& seat, const std::string& why);

  template <class Change>
  void change(const std::string& name, Change change);
  void take_up(Seat& seat);
  void take_down(Seat& seat, const std::string& why);

  std::mutex mutex_;
  std::vector<std::shared_ptr<Seat>> seats_;
  std::vector<Fault> cut_;
};

class MemoryBroker final : public Broker {
 public:
  MemoryBroker(net::Loop& loop, std::shared_ptr<MemoryBus> bus, BrokerOptions options);
  ~MemoryBroker() override { stop(); }

  void start(BrokerSink& sink) override;
  void stop() override;
  void subscribe(std::string subject) override;
  error_code publish(std::string_view subject, std::span<const std::byte> bytes) override;
  void reconnect(std::string why) override;
  std::size_t max_payload() const override { return MemoryBus::kMaxPayload; }
  BrokerStatus status() const override;

 private:
  std::shared_ptr<MemoryBus> bus_;
  std::shared_ptr<MemoryBus::Seat> seat_;
};

}  // namespace weft::broker
