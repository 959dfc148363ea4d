#include "broker/memory_broker.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace weft::broker {

/// A broker as the bus sees it. The first group belongs to the broker's loop, the second is guarded
/// by the bus's mutex.
struct MemoryBus::Seat : std::enable_shared_from_this<Seat> {
  Seat(net::Loop& where, BrokerOptions what) : loop(where), options(std::move(what)) {}

  net::Loop& loop;
  const BrokerOptions options;
  BrokerSink* sink = nullptr;  ///< null before start() and after stop()
  bool was_stopped = false;
  bool is_up = false;  ///< the sink knows
  bool has_been_up = false;
  std::string why_down;
  std::uint64_t reconnects = 0;

  std::vector<std::string> subjects;
  bool is_connected = false, is_deaf = false;
  std::size_t losing = 0;
  std::atomic<std::size_t> unsent_bytes = 0;  ///< on their way to others

  bool hears(const BrokerOptions& sender, std::string_view subject) const {
    return is_connected && options.prefix == sender.prefix &&
           std::ranges::find(subjects, subject) != subjects.end();
  }
  void rise() {
    if (!sink || is_up) return;
    is_up = true;
    why_down.clear();
    reconnects += std::exchange(has_been_up, true) ? 1 : 0;
    sink->on_up();
  }
  void fall(const std::string& why) {
    why_down = why;
    if (sink && std::exchange(is_up, false)) sink->on_down(why);
  }
};

/// One message on its way to all who hear it.
struct MemoryBus::Message {
  Message(Seat& sender, std::string_view to, std::span<const std::byte> bytes)
      : from(sender.shared_from_this()), subject(to), payload(bytes.begin(), bytes.end()) {
    from->unsent_bytes += payload.size();
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() { from->unsent_bytes -= payload.size(); }

  const std::shared_ptr<Seat> from;
  const std::string subject;
  const std::vector<std::byte> payload;
};

void MemoryBus::add(std::shared_ptr<Seat> seat) {
  const std::lock_guard lock(mutex_);
  seats_.push_back(seat);
  const auto cut = std::ranges::find(cut_, seat->options.name, &Fault::name);
  if (cut == cut_.end()) return take_up(*seat);
  seat->why_down = cut->why;
}

void MemoryBus::remove(const std::shared_ptr<Seat>& seat) {
  const std::lock_guard lock(mutex_);
  std::erase(seats_, seat);
}

// Posts while it holds the mutex: a loop whose broker has left the bus is never posted to.
error_code MemoryBus::publish(Seat& from, std::string_view subject,
                              std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  if (!from.is_connected) return BrokerErrc::down;
  if (from.is_deaf) return {};
  std::shared_ptr<Message> message;
  for (const std::shared_ptr<Seat>& to : seats_) {
    if (!to->hears(from.options, subject)) continue;
    if (to->is_deaf || (to->losing > 0 && to->losing-- > 0)) continue;
    if (!message) message = std::make_shared<Message>(from, subject, bytes);
    to->loop.post([to, message] {
      if (to->sink) to->sink->on_message(message->subject, message->payload);
    });
  }
  return {};
}

void MemoryBus::reconnect(Seat& seat, const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (!seat.is_connected) return;
  take_down(seat, why);
  take_up(seat);
}

void MemoryBus::take_up(Seat& seat) {
  seat.is_connected = true;
  seat.is_deaf = false;
  seat.loop.post([self = seat.shared_from_this()] { self->rise(); });
}

void MemoryBus::take_down(Seat& seat, const std::string& why) {
  seat.is_connected = false;
  seat.loop.post([self = seat.shared_from_this(), why] { self->fall(why); });
}

template <class Change>
void MemoryBus::change(const std::string& name, Change change) {
  for (const std::shared_ptr<Seat>& seat : seats_)
    if (seat->options.name == name) change(*seat);
}

void MemoryBus::cut(const std::string& name, std::string why) {
  const std::lock_guard lock(mutex_);
  std::erase_if(cut_, [&](const Fault& fault) { return fault.name == name; });
  change(name, [&](Seat& seat) {
    if (seat.is_connected) take_down(seat, why);
  });
  cut_.push_back({name, std::move(why)});
}

void MemoryBus::heal(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::erase_if(cut_, [&](const Fault& fault) { return fault.name == name; });
  change(name, [&](Seat& seat) {
    seat.is_deaf = false;
    if (!seat.is_connected) take_up(seat);
  });
}

void MemoryBus::deafen(const std::string& name) {
  const std::lock_guard lock(mutex_);
  change(name, [](Seat& seat) { seat.is_deaf = true; });
}

void MemoryBus::lose(const std::string& name, std::size_t count) {
  const std::lock_guard lock(mutex_);
  change(name, [count](Seat& seat) { seat.losing = count; });
}

MemoryBroker::MemoryBroker(net::Loop& loop, std::shared_ptr<MemoryBus> bus, BrokerOptions options)
    : bus_(std::move(bus)), seat_(std::make_shared<MemoryBus::Seat>(loop, std::move(options))) {}

void MemoryBroker::subscribe(std::string subject) {
  check(!seat_->sink, "subjects are named before start()");
  seat_->subjects.push_back(std::move(subject));
}

void MemoryBroker::start(BrokerSink& sink) {
  seat_->sink = &sink;
  bus_->add(seat_);
}

void MemoryBroker::stop() {
  bus_->remove(seat_);
  seat_->sink = nullptr;
  seat_->was_stopped = true;
  seat_->is_up = false;
}

error_code MemoryBroker::publish(std::string_view subject, std::span<const std::byte> bytes) {
  if (seat_->was_stopped) return BrokerErrc::stopped;
  if (bytes.size() > max_payload()) return BrokerErrc::too_large;
  if (!seat_->is_up) return BrokerErrc::down;
  if (seat_->unsent_bytes + bytes.size() > seat_->options.max_unsent_bytes) return BrokerErrc::full;
  return bus_->publish(*seat_, subject, bytes);
}

void MemoryBroker::reconnect(std::string why) { bus_->reconnect(*seat_, why); }

BrokerStatus MemoryBroker::status() const {
  return {seat_->is_up, "memory", seat_->why_down, seat_->reconnects, seat_->unsent_bytes};
}

}  // namespace weft::broker
