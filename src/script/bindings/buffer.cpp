// What protocol_input sees: the bytes of a socket listener that are not cut yet, as they were when
// it was asked.
#include "script/bindings/bindings.hpp"
#include "script/bindings/pattern.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr const char* kType = "weft.buffer";

/// Looks at the connection's bytes without copying them; valid until bytes leave the front.
struct Buffer {
  ConnectionId connection;
  std::uint64_t stamp;
  std::size_t size, cursor;
};

Buffer& check_buffer(lua_State* L) { return *static_cast<Buffer*>(luaL_checkudata(L, 1, kType)); }

std::string_view bytes_of(lua_State* L, const Buffer& buffer) {
  const Connection* connection = engine_of(L).events.find(buffer.connection);
  if (!connection || !connection->input || connection->input->stamp() != buffer.stamp) {
    luaL_error(L, "this buffer has ended: it can be used in protocol_input only");
  }
  return connection->input->view().substr(0, buffer.size);
}

int to_text(lua_State* L) {
  const Buffer& buffer = check_buffer(L);
  return push(L, bytes_of(L, buffer));
}

/// buf:read(n): the next n bytes; nil and an error when there are fewer.
int read(lua_State* L) {
  Buffer& buffer = check_buffer(L);
  const lua_Number count = check_number(L, 2);
  check_argument(L, count >= 0, 2, "a count of bytes expected");
  const std::string_view rest = bytes_of(L, buffer).substr(buffer.cursor);
  if (count > static_cast<lua_Number>(rest.size())) return fail(L, "the buffer holds fewer bytes");
  const auto size = static_cast<std::size_t>(count);
  buffer.cursor += size;
  return push(L, rest.substr(0, size));
}

/// buf:find(text): how many bytes come before it; nil when it is not there.
int find(lua_State* L) {
  const std::string_view bytes = bytes_of(L, check_buffer(L)), wanted = check_text(L, 2);
  const std::size_t at = find_plain(bytes, wanted, 0);
  if (at == bytes.npos)
    lua_pushnil(L);
  else
    lua_pushnumber(L, static_cast<lua_Number>(at));
  return 1;
}

int position(lua_State* L) {
  lua_pushnumber(L, static_cast<lua_Number>(check_buffer(L).cursor));
  return 1;
}

int length(lua_State* L) {
  lua_pushnumber(L, static_cast<lua_Number>(check_buffer(L).size));
  return 1;
}

/// native.buffer(): of the running event's connection.
int make_buffer(lua_State* L) {
  const Connection& connection = *engine_of(L).events.current_connection();
  auto* buffer = static_cast<Buffer*>(lua_newuserdata(L, sizeof(Buffer)));
  const bool has_bytes = connection.input != nullptr;
  *buffer = {connection.id, has_bytes ? connection.input->stamp() : 0,
             has_bytes ? connection.input->view().size() : 0, 0};
  luaL_getmetatable(L, kType);
  lua_setmetatable(L, -2);
  return 1;
}

int give_up(lua_State* L, Connection& connection, std::uint16_t code, const char* reason) {
  connection.is_deaf = true;
  if (connection.input) connection.input->clear();
  if (!connection.is_closed) engine_of(L).host.close(connection.id, code, reason);
  return 0;
}

/// native.measure(what protocol_input gave): the size of a package that is there; nothing when more
/// bytes are needed.
int measure(lua_State* L) {
  Engine& engine = engine_of(L);
  Connection& connection = *engine.events.current_connection();
  if (lua_type(L, 1) != LUA_TNUMBER) {
    return luaL_error(L,
                      "protocol_input must give a number: the bytes of the first package, 0 = more "
                      "needed, -1 = close");
  }
  const lua_Number size = lua_tonumber(L, 1);
  if (!(size >= 0)) return give_up(L, connection, 1002, "protocol_input gave -1");
  if (!connection.input) return 0;  // cleared in the meantime
  const auto have = static_cast<lua_Number>(connection.input->view().size());
  const auto most = static_cast<lua_Number>(engine.limits.max_package);
  if (size > most || (size < 1 && have >= most)) {
    return give_up(L, connection, 1009, "a package is larger than max_package");
  }
  if (size >= 1 && size <= have) {
    lua_pushnumber(L, static_cast<lua_Number>(static_cast<std::size_t>(size)));
    return 1;
  }
  // While protocol_input itself waited, more bytes may have come: then it is asked again at once.
  if (size >= 1) connection.input->wait_for(static_cast<std::size_t>(size));
  return 0;
}

/// native.cut(size): the package, no longer in the buffer. The time of the event begins again.
int cut(lua_State* L) {
  Engine& engine = engine_of(L);
  Connection& connection = *engine.events.current_connection();
  const auto size = static_cast<std::size_t>(lua_tonumber(L, 1));
  push(L, connection.input->view().substr(0, size));
  connection.input->cut(size);
  engine.machine.restart_budget();
  return 1;
}

}  // namespace

void add_package(lua_State* L) {
  set_function(L, "buffer", make_buffer);
  set_function(L, "measure", measure);
  set_function(L, "cut", cut);

  luaL_newmetatable(L, kType);
  set_function(L, "__tostring", to_text);
  set_function(L, "__len", length);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_newtable(L);
  set_function(L, "tostring", to_text);
  set_function(L, "read", read);
  set_function(L, "find", find);
  set_function(L, "position", position);
  set_function(L, "length", length);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

}  // namespace weft::script
