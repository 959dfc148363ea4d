// Who gets an event, as paths[].events and event_listeners name it. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace weft {

struct EventTarget {
  enum class Kind : std::uint8_t { queue, lua, worker } kind = Kind::queue;
  std::string name;           ///< of the queue, the worker, or the script's file
  std::string function = {};  ///< of a script

  bool operator==(const EventTarget&) const = default;
};

/// Reads "queue:orders", "lua:lua/prices.lua:on_price", "worker:renderer"; nullopt for anything
/// else.
std::optional<EventTarget> parse_event_target(std::string_view text);
std::string to_string(const EventTarget& target);

/// The topic that the worker program `name` gets its events from.
std::string worker_topic(std::string_view name);

}  // namespace weft
