// RoutedEvents: listeners that the configuration names: an event becomes a job of a queue, or a
// function of a Lua script answers it. One per loop, as its Vm is; the dialects of the loop call
// its listeners.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "framework/listener_table.hpp"
#include "queue/queue.hpp"
#include "script/vm.hpp"

namespace weft::framework {

/// Who gets an event.
struct Route {
  std::string event;       ///< "" = every one
  std::string topic = {};  ///< a queue; else "" and the next two
  std::string file = {}, function = {};
};

/// Tells a client why its message was not handled: a code for programs, and words.
using TellProblem =
    std::function<void(Connection&, const Message&, std::string_view code, std::string_view why)>;

class RoutedEvents {
 public:
  static constexpr std::size_t kMostOverheard = 16 << 20;  ///< bytes that wait, of each loop

  RoutedEvents(net::Loop& loop, queue::Queue& queue, script::Vm& vm)
      : loop_(loop), queue_(queue), vm_(vm) {}
  RoutedEvents(const RoutedEvents&) = delete;
  RoutedEvents& operator=(const RoutedEvents&) = delete;

  /// Listeners for `routes`, in their order, which live as long as this. `tell` is called when a
  /// queue refuses an event. Loads the scripts; throws script::ScriptError when one cannot be
  /// loaded or has no such function.
  const ListenerTable& add(const std::vector<Route>& routes, const TellProblem& tell);

  /// Who hears of what happens to the house, of no client's message. Throws as add().
  void add_house(std::vector<Route> routes);
  /// `json`: the event. A queue that refuses it, and a function that fails, are logged.
  void tell_house(ConnectionId about, const std::string& json) { tell(house_, about, json); }

  /// Who hears of every message of a client. Throws as add().
  void add_overhearing(std::vector<Route> routes, metrics::Counter& untold);
  /// The same as tell_house(), but nobody waits for who is slow: what he has not taken yet is
  /// bounded, and what comes above it, or is refused, counted.
  void tell_overheard(ConnectionId of, const std::string& json) { tell(overhearing_, of, json); }

  /// A connection has ended: what its functions kept is forgotten.
  void gone(ConnectionId id) { vm_.leave(id); }

 private:
  /// Those whom a setting names.
  struct Told {
    std::string_view setting;
    std::size_t most_waiting;  ///< bytes
    std::vector<Route> routes = {};
    std::size_t waiting = 0;
    metrics::Counter* untold = nullptr;
    log::Limiter limiter{std::chrono::seconds(10)};
  };
  void hear(Told& told, std::vector<Route> routes);
  void tell(Told& told, ConnectionId about, const std::string& json);
  void not_told(Told& told, const std::string& whom, const std::string& why);

  void add_waiting_queue(ListenerTable& table, const Route& route, const TellProblem& tell);
  void add_queue(ListenerTable& table, const Route& route, const TellProblem& tell);
  void add_function(ListenerTable& table, const Route& route);
  script::ScriptId loaded(const std::string& file);
  script::ScriptId loaded_with(const Route& route);

  net::Loop& loop_;
  queue::Queue& queue_;
  script::Vm& vm_;
  std::deque<ListenerTable> tables_;  // their addresses stay
  std::map<std::string, script::ScriptId> scripts_;
  Told house_{"cluster.events", SIZE_MAX}, overhearing_{"cluster.messages", kMostOverheard};
};

/// What a worker or a function gets of a message: {event, headers, data, id} as JSON text. Data
/// that is bytes and no text is {"base64": "…"}. Errors: MessageErrc::not_decodable when bytes
/// stand deeper inside.
Result<std::string> routed_json(const Message& message);

}  // namespace weft::framework
