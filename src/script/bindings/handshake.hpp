// The handshake of a WebSocket as scripts see it, on both kinds of listeners.
#pragma once
#include "script/engine.hpp"

namespace weft::script {

/// Pushes the headers as sent, with the parts of the request line beside them, and puts them into
/// the context.
void push_headers(lua_State* L, Engine& engine, Connection& connection, const Handshake& handshake);

/// Pushes what generation B gets as `server`.
void push_server(lua_State* L, Engine& engine, const Handshake& handshake, ConnectionId id);

}  // namespace weft::script
