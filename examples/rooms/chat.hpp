// The controller "chat" and the hooks of the module: what one can do in a room.
#pragma once
#include <weft/module.hpp>
#include <weft/server.hpp>

#include <string>

namespace rooms {

namespace json = boost::json;

std::string room_of(weft::Connection& guest);
std::string name_of(weft::Connection& guest);

/// The room hears of it.
void enter(weft::Connection& guest);
void leave(weft::Connection& guest, const weft::CloseInfo& info);

class Chat {
 public:
  /// {"text": …}: to everybody in the room, also the one who says it.
  void say(weft::Connection& guest, const json::value& data, weft::Reply& reply);
  /// {"to": id, "text": …}: to one person; gives what became of it.
  weft::Task<json::value> whisper(weft::Connection& guest, const json::value& data);
  /// {"text": …}: to everybody on this server but the one who shouts.
  void shout(weft::Connection& guest, const json::value& data, weft::Reply& reply);
  /// Who am I, and where?
  json::value who(weft::Connection& guest) const;
  /// Takes its time; nobody else waits for it.
  weft::Task<std::string> think(const weft::ParsedMessage& message);
};

}  // namespace rooms
