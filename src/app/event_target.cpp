#include "app/event_target.hpp"

#include <algorithm>
#include <cctype>

namespace weft {
namespace {

bool is_function_name(std::string_view name) {
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

}  // namespace

std::optional<EventTarget> parse_event_target(std::string_view text) {
  using Kind = EventTarget::Kind;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  const std::string_view kind = text.substr(0, colon), rest = text.substr(colon + 1);
  if (kind == "queue") return EventTarget{Kind::queue, std::string(rest)};
  if (kind == "worker") return EventTarget{Kind::worker, std::string(rest)};
  if (kind != "lua") return std::nullopt;
  const std::size_t last = rest.rfind(':');
  if (last == std::string_view::npos || last == 0 || !is_function_name(rest.substr(last + 1)))
    return std::nullopt;
  return EventTarget{Kind::lua, std::string(rest.substr(0, last)),
                     std::string(rest.substr(last + 1))};
}

std::string to_string(const EventTarget& target) {
  switch (target.kind) {
    case EventTarget::Kind::queue:
      return "queue:" + target.name;
    case EventTarget::Kind::worker:
      return "worker:" + target.name;
    case EventTarget::Kind::lua:
      break;
  }
  return "lua:" + target.name + ":" + target.function;
}

std::string worker_topic(std::string_view name) { return "worker." + std::string(name); }

}  // namespace weft
