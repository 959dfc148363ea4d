// Rooms: whoever comes to /room/{id}?name=… talks to those who are in the same room.
#include <weft/module.hpp>
#include <weft/server.hpp>

#include "chat.hpp"

namespace {

// Handshake: no name, no entry. What it finds out stays with the connection.
weft::HandshakeResult ask_for_name(weft::Handshake& handshake) {
  const auto name = handshake.request.query_value("name");
  if (!name || name->empty()) return weft::Refusal{401, "say who you are: ?name=…\n"};
  handshake.attributes["name"] = *name;
  return {};
}

// Open: the connection is there already, so a refusal is a close frame.
weft::OpenResult lock_room_13(weft::Connection& guest) {
  if (guest.parameters().at("id") != "13") return {};
  return weft::OpenRefusal{weft::CloseCode::policy_violation, "nobody enters room 13"};
}

// Message: nobody talks for ever. Stands around every command of the module.
weft::MessageResult refuse_long_texts(weft::MessageContext& message) {
  if (message.message.bytes().size() > 1000) return weft::MessageRefusal{"at most 1000 bytes"};
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  weft::Server server{weft::load_config(argc, argv)};

  weft::Module& room = server.module("/room/{id}");
  room.param("id", "[0-9]+").parser<weft::JsonParser>().default_command("chat.who");
  server.use_handshake(weft::around(ask_for_name), "/room/{id}");
  server.use_open(weft::around_open(lock_room_13), "/room/{id}");
  room.use(weft::around_message(refuse_long_texts));

  room.on_close(rooms::leave);
  server.lifecycle().on<weft::ConnectionOpen>(
      [](const weft::ConnectionOpen& opened) { rooms::enter(opened.connection); });
  room.controller<rooms::Chat>("chat")
      .command("say", &rooms::Chat::say)
      .command("whisper", &rooms::Chat::whisper)
      .command("shout", &rooms::Chat::shout)
      .command("who", &rooms::Chat::who)
      .command("think", &rooms::Chat::think);
  room.controller("").command("ping", [] { return "pong"; });

  return server.run();
}
