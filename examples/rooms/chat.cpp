#include "chat.hpp"

#include <chrono>

namespace rooms {
namespace {

std::string text_in(const json::value& data) {
  const json::object* fields = data.if_object();
  const json::value* text = fields ? fields->if_contains("text") : nullptr;
  return text && text->is_string() ? std::string(text->get_string()) : "";
}

void tell_room(weft::Connection& guest, std::string event) {
  const json::object data{{"id", weft::to_string(guest.id())}, {"name", name_of(guest)}};
  guest.server().publish(room_of(guest), weft::Payload::event(std::move(event), data));
}

}  // namespace

std::string room_of(weft::Connection& guest) { return "room." + guest.parameters().at("id"); }

std::string name_of(weft::Connection& guest) {
  return std::string(guest.attributes().at("name").as_string());
}

void enter(weft::Connection& guest) {
  guest.subscribe(room_of(guest));
  tell_room(guest, "room.entered");
}

void leave(weft::Connection& guest, const weft::CloseInfo&) { tell_room(guest, "room.left"); }

void Chat::say(weft::Connection& guest, const json::value& data, weft::Reply& reply) {
  reply.channel(room_of(guest)).cmd("chat.said");
  reply.data({{"from", name_of(guest)}, {"text", text_in(data)}});
}

weft::Task<json::value> Chat::whisper(weft::Connection& guest, const json::value& data) {
  const json::object* fields = data.if_object();
  const json::value* to = fields ? fields->if_contains("to") : nullptr;
  const auto id = to && to->is_string() ? weft::parse_connection_id(to->get_string())
                                        : std::optional<weft::ConnectionId>();
  if (!id) co_return json::value{{"status", "nobody"}};
  json::value whispered{{"from", name_of(guest)}, {"text", text_in(data)}};
  weft::Answer<weft::SendStatus> sent =
      guest.server().send(*id, "chat.whispered", std::move(whispered));
  const weft::SendStatus status = co_await std::move(sent);
  co_return json::value{{"status", weft::to_string(status)}};
}

void Chat::shout(weft::Connection& guest, const json::value& data, weft::Reply& reply) {
  reply.broadcast().cmd("chat.shouted");
  reply.data({{"from", name_of(guest)}, {"text", text_in(data)}});
}

json::value Chat::who(weft::Connection& guest) const {
  return {{"id", weft::to_string(guest.id())},
          {"name", name_of(guest)},
          {"room", guest.parameters().at("id")}};
}

weft::Task<std::string> Chat::think(const weft::ParsedMessage& message) {
  co_await weft::sleep(std::chrono::milliseconds(20));
  co_return "about " + message.text();
}

}  // namespace rooms
