// The native part of lua/protocols/websocket.lua: the handshake and the frames of a WebSocket on a
// socket listener, so that no byte is unmasked in Lua. Scripts reach it by
// require("weft.websocket").
#include "wire/ws/frame.hpp"

#include <array>
#include <optional>

#include "script/bindings/bindings.hpp"
#include "script/bindings/handshake.hpp"
#include "script/stack.hpp"
#include "wire/http/request_head.hpp"
#include "wire/http/response.hpp"
#include "wire/ws/close.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/handshake.hpp"
#include "wire/ws/mask.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::script {
namespace {

/// What one such connection remembers between packages.
struct Talk {
  bool is_open = false;      ///< the 101 is sent
  bool has_greeted = false;  ///< the script has seen the handshake
  bool is_text = false;      ///< of the fragmented message that goes on
  bool in_message = false;
  bool has_frame = false;  ///< `opcode`, `fin` and `payload` wait to be decoded
  ws::Opcode opcode = ws::Opcode::text;
  bool fin = true;
  std::string payload;
  ws::Utf8Validator utf8;
};

Talk& talk_of(Connection& connection) {
  if (!connection.extra) connection.extra = std::make_shared<Talk>();
  return *static_cast<Talk*>(connection.extra.get());
}

Connection& current(lua_State* L) { return *engine_of(L).events.current_connection(); }

int give(lua_State* L, lua_Number size) {
  lua_pushnumber(L, size);
  return 1;
}

// --- the handshake ---

/// Answers a request that cannot become a WebSocket; the connection ends after it.
void refuse(Engine& engine, ConnectionId id, int status, std::string_view more_name = {},
            std::string_view more_value = {}) {
  const std::string_view phrase = http::reason_phrase(status);
  const std::string length = std::to_string(phrase.size() + 1);
  std::vector<http::HeaderView> headers{
      {"Content-Type", "text/plain"}, {"Content-Length", length}, {"Connection", "close"}};
  if (!more_name.empty()) headers.push_back({more_name, more_value});
  std::string answer = http::encode_response_head(status, headers).value();
  answer.append(phrase).append("\n");
  engine.host.send(id, answer, DataType::binary);
}

/// 0 when `head` may become a WebSocket on `path`, else the status to refuse it with.
int judge(const http::RequestHead& head, std::string_view path) {
  if (head.method != "GET") return 405;
  if (!path.empty() && head.target.substr(0, head.target.find('?')) != path) return 404;
  if (head.body != http::BodyKind::none) return 400;
  if (!head.upgrade_websocket || head.all("Sec-WebSocket-Version").size() != 1 ||
      head.header("Sec-WebSocket-Version") != "13") {
    return 426;
  }
  const auto keys = head.all("Sec-WebSocket-Key");
  return keys.size() == 1 && ws::is_valid_key(keys[0]) ? 0 : 400;
}

/// Takes the head at the front of `bytes`: its size, 0 = more is needed, -1 = refused. Accepted:
/// `seen` gets it.
lua_Number shake_hands(Engine& engine, ConnectionId id, std::string_view bytes,
                       std::string_view path, Handshake& seen) {
  const auto parsed = http::parse_request_head(bytes, {});
  if (!parsed) {
    refuse(engine, id, http::status(parsed.error()));
    return -1;
  }
  if (!*parsed) return 0;
  const http::RequestHead& head = **parsed;
  if (const int status = judge(head, path)) {
    if (status == 426)
      refuse(engine, id, status, "Sec-WebSocket-Version", "13");
    else
      refuse(engine, id, status);
    return -1;
  }
  const std::string accept = ws::accept_key(*head.header("Sec-WebSocket-Key"));
  const std::array<http::HeaderView, 3> headers{
      {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept}}};
  engine.host.send(id, http::encode_response_head(101, headers).value(), DataType::binary);
  seen = {std::string(head.method),
          std::string(head.target),
          head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1",
          {}};
  for (const http::HeaderView& header : head.headers)
    seen.headers.emplace_back(header.name, header.value);
  return static_cast<lua_Number>(head.size);
}

// --- frames ---

/// Says goodbye with `code`; protocol_input then gives -1.
int fail_talk(lua_State* L, Engine& engine, ConnectionId id, const error_code& error) {
  {
    const std::string body = ws::encode_close(ws::close_code(error), error.message());
    engine.host.send(id, ws::encode_frame(ws::Opcode::close, as_bytes(body)).text(),
                     DataType::binary);
  }
  return give(L, -1);
}

/// RFC 6455 sections 5.4 and 5.5: may this frame come now?
error_code judge_frame(const Talk& talk, const ws::FrameHeader& header, std::size_t most) {
  if (header.rsv1) return ws::WsErrc::reserved_bits;
  if (!header.mask) return ws::WsErrc::not_masked;
  if (header.payload_size > most) return ws::WsErrc::message_too_big;
  if (ws::is_control(header.opcode)) return {};
  const bool continues = header.opcode == ws::Opcode::continuation;
  if (continues && !talk.in_message) return ws::WsErrc::unexpected_continuation;
  if (!continues && talk.in_message) return ws::WsErrc::expected_continuation;
  return {};
}

/// Takes the payload over and judges what is in it.
error_code take_frame(Talk& talk, const ws::FrameHeader& header, std::string_view payload) {
  talk.opcode = header.opcode;
  talk.fin = header.fin;
  talk.payload = payload;
  const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(talk.payload.data()),
                                   talk.payload.size());
  ws::apply_mask(bytes, *header.mask, 0);
  if (ws::is_control(header.opcode)) return {};
  if (header.opcode != ws::Opcode::continuation) {
    talk.is_text = header.opcode == ws::Opcode::text;
    talk.utf8.reset();
  }
  talk.in_message = !header.fin;
  if (talk.is_text && (!talk.utf8.feed(bytes) || (header.fin && !talk.utf8.is_complete())))
    return ws::WsErrc::bad_utf8;
  return {};
}

int measure_frame(lua_State* L, Engine& engine, Connection& connection) {
  Talk& talk = talk_of(connection);
  const std::string_view bytes = connection.input ? connection.input->view() : std::string_view();
  const auto header = ws::parse_header(as_bytes(bytes));
  if (!header) return fail_talk(L, engine, connection.id, header.error());
  if (!*header) return give(L, 0);
  const ws::FrameHeader& frame = **header;
  if (const error_code error =
          judge_frame(talk, frame, engine.limits.max_package - ws::kMaxHeaderSize)) {
    return fail_talk(L, engine, connection.id, error);
  }
  const std::size_t size = frame.header_size + static_cast<std::size_t>(frame.payload_size);
  if (bytes.size() < size) return give(L, static_cast<lua_Number>(size));
  if (const error_code error =
          take_frame(talk, frame, bytes.substr(frame.header_size, size - frame.header_size))) {
    return fail_talk(L, engine, connection.id, error);
  }
  talk.has_frame = true;
  return give(L, static_cast<lua_Number>(size));
}

/// measure(path): what protocol_input gives for the bytes at hand.
int measure(lua_State* L) {
  const std::string_view path = lua_isnoneornil(L, 1) ? std::string_view() : check_text(L, 1);
  Engine& engine = engine_of(L);
  Connection& connection = current(L);
  Talk& talk = talk_of(connection);
  if (talk.is_open) return measure_frame(L, engine, connection);
  if (!connection.input) return give(L, 0);
  lua_Number size = 0;
  {
    auto seen = std::make_shared<Handshake>();
    size = shake_hands(engine, connection.id, connection.input->view(), path, *seen);
    if (size > 0) connection.handshake = std::move(seen);
  }
  if (size <= 0) return give(L, size);
  talk.is_open = true;
  push_headers(L, engine, connection, *connection.handshake);
  return give(L, size);
}

/// greeting(): once after the handshake: the headers, and what generation B calls `server`.
int greeting(lua_State* L) {
  Connection& connection = current(L);
  Talk& talk = talk_of(connection);
  if (!talk.is_open || std::exchange(talk.has_greeted, true)) return 0;
  Engine& engine = engine_of(L);
  push_headers(L, engine, connection, *connection.handshake);
  push_server(L, engine, *connection.handshake, connection.id);
  connection.handshake.reset();
  return 2;
}

/// A ping is answered, a close frame is returned and ends the connection.
void react(Engine& engine, Connection& connection, const Talk& talk) {
  if (connection.is_closed) return;
  if (talk.opcode == ws::Opcode::ping) {
    const SharedBytes pong = ws::encode_frame(ws::Opcode::pong, as_bytes(talk.payload));
    engine.host.send(connection.id, pong.text(), DataType::binary);
  } else if (talk.opcode == ws::Opcode::close) {
    const auto body = ws::parse_close(as_bytes(talk.payload));
    const std::uint16_t code = body ? body->code : ws::close_code(body.error());
    const std::string echo = ws::encode_close(code, "");
    engine.host.send(connection.id, ws::encode_frame(ws::Opcode::close, as_bytes(echo)).text(),
                     DataType::binary);
    engine.host.close(connection.id, code, "closed by the client");
  }
}

/// decode(): the frame that was cut out last, {type, data, finish}; nil when there is none.
int decode(lua_State* L) {
  static constexpr const char* kTypes[] = {"continuation", "text", "binary"};
  static constexpr const char* kControlTypes[] = {"close", "ping", "pong"};
  Connection& connection = current(L);
  Talk& talk = talk_of(connection);
  if (!std::exchange(talk.has_frame, false)) return 0;
  react(engine_of(L), connection, talk);
  const auto opcode = static_cast<std::size_t>(talk.opcode);
  lua_createtable(L, 0, 3);
  lua_pushstring(L, opcode < 8 ? kTypes[opcode] : kControlTypes[opcode - 8]);
  lua_setfield(L, -2, "type");
  push(L, talk.payload);
  lua_setfield(L, -2, "data");
  lua_pushboolean(L, talk.fin);
  lua_setfield(L, -2, "finish");
  talk.payload = std::string();
  return 1;
}

/// frame(data, "text" | "binary"): one unmasked frame.
int frame(lua_State* L) {
  const std::string_view data = check_text(L, 1);
  const ws::Opcode opcode =
      check_type(L, 2) == DataType::text ? ws::Opcode::text : ws::Opcode::binary;
  Engine& engine = engine_of(L);
  {
    const SharedBytes made = ws::encode_frame(opcode, as_bytes(data));
    engine.scratch = made.text();
  }
  return push(L, engine.scratch);
}

}  // namespace

void push_websocket_module(lua_State* L) {
  lua_newtable(L);
  set_function(L, "measure", measure);
  set_function(L, "greeting", greeting);
  set_function(L, "decode", decode);
  set_function(L, "frame", frame);
}

}  // namespace weft::script
