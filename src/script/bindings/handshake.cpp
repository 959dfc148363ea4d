#include "script/bindings/handshake.hpp"

#include "script/stack.hpp"
#include "wire/http/header.hpp"

namespace weft::script {
namespace {

void set_text(lua_State* L, const char* name, std::string_view text) {
  push(L, text);
  lua_setfield(L, -2, name);
}

void set_request_line(lua_State* L, const Handshake& handshake) {
  set_text(L, "Method", handshake.method);
  set_text(L, "RequestUri", handshake.request_uri);
  set_text(L, "ServerProtocol", handshake.server_protocol);
}

}  // namespace

void push_headers(lua_State* L, Engine& engine, Connection& connection,
                  const Handshake& handshake) {
  lua_createtable(L, 0, static_cast<int>(handshake.headers.size()) + 3);
  for (const auto& [name, value] : handshake.headers) {
    push(L, name);
    push(L, value);
    lua_rawset(L, -3);
  }
  set_request_line(L, handshake);
  engine.events.push_context(L, connection);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "headers");
  lua_pop(L, 1);
}

void push_server(lua_State* L, Engine& engine, const Handshake& handshake, ConnectionId id) {
  engine.scratch = engine.host.remote_addr(id);
  lua_createtable(L, 0, 5);
  set_text(L, "RemoteAddr", engine.scratch);
  set_request_line(L, handshake);
  for (const auto& [name, value] : handshake.headers) {
    if (http::equals_ignoring_case(name, "Host")) set_text(L, "Host", value);
  }
}

}  // namespace weft::script
