// The native half of prelude.lua: how an event begins, how the answer of a wait comes back, and the
// table `mix`.
#include "script/bindings/answers.hpp"
#include "script/bindings/bindings.hpp"
#include "script/bindings/handshake.hpp"
#include "script/bindings/integer.hpp"
#include "script/bindings/json.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

char wait_mark;  // its address means "this coroutine waits for the host"

void push_id(lua_State* L, ConnectionId id) {
  char digits[24];
  lua_pushlstring(L, digits,
                  static_cast<std::size_t>(write_digits(static_cast<std::int64_t>(id), digits)));
}

/// nil when the client said goodbye in order, else why the connection ended.
void push_close_error(lua_State* L, Engine& engine, const CloseInfo& info) {
  if (info.by == ClosedBy::client && (info.code == 1000 || info.code == 1001 || info.code == 1005))
    return lua_pushnil(L);
  static constexpr const char* kWho[] = {"client", "server", "network"};
  engine.scratch = fmt::format("closed by {}: {}{}{}", kWho[static_cast<std::size_t>(info.by)],
                               info.code, info.reason.empty() ? "" : " ", info.reason);
  push(L, engine.scratch);
}

int enter_handshake(lua_State* L, Engine& engine, Connection& connection, const Event& event) {
  const Loaded& script = *event.loaded;
  script.push(L, Callback::handshake);
  if (script.api() == Api::b) {
    push_id(L, event.connection);
    push_headers(L, engine, connection, *event.handshake);
    push_server(L, engine, *event.handshake, event.connection);
    return 4;
  }
  push_headers(L, engine, connection, *event.handshake);
  push_connection(L, static_cast<long long>(event.connection));
  return 3;
}

int enter_close(lua_State* L, Engine& engine, const Event& event) {
  event.loaded->push(L, Callback::close);
  if (event.loaded->api() == Api::b) push_id(L, event.connection);
  push_close_error(L, engine, *event.close);
  if (event.loaded->api() == Api::a) push_connection(L, static_cast<long long>(event.connection));
  return 3;
}

/// The first thing a coroutine of an event does: the callback and its arguments.
int enter(lua_State* L) {
  Engine& engine = engine_of(L);
  const Event& event = *engine.events.current();
  const Loaded& script = *event.loaded;
  switch (event.kind) {
    case Event::Kind::connect:
      script.push(L, Callback::connect);
      if (script.api() == Api::b)
        push_id(L, event.connection);
      else
        push_connection(L, static_cast<long long>(event.connection));
      return 2;
    case Event::Kind::handshake:
      return enter_handshake(L, engine, *engine.events.current_connection(), event);
    case Event::Kind::package:
      script.push(L, Callback::input);
      script.push(L, Callback::decode);
      script.push(L, Callback::message);
      push_connection(L, static_cast<long long>(event.connection));
      return 4;
    case Event::Kind::close:
      return enter_close(L, engine, event);
    default:
      return 0;
  }
}

/// The same for a message: the callback, the data, whether it is text, and the connection.
int enter_message(lua_State* L) {
  Events& events = engine_of(L).events;
  const Event& event = *events.current();
  event.loaded->push(L, Callback::message);
  push(L, event.data);
  lua_pushboolean(L, event.type == DataType::text);
  events.push_self(L, *events.current_connection());
  return 4;
}

/// The same for Vm::call: the function as the script has it now, the message, and the connection.
int enter_call(lua_State* L) {
  Events& events = engine_of(L).events;
  const Event& event = *events.current();
  event.loaded->push_environment(L);
  push(L, event.call->function);
  lua_rawget(L, -2);
  if (!lua_isfunction(L, -1)) {
    lua_pushfstring(L, "%s: there is no function %s", event.loaded->config().file.c_str(),
                    event.call->function.c_str());
    return lua_error(L);
  }
  if (const char* problem = decode_json(L, event.data)) return luaL_error(L, "%s", problem);
  events.push_self(L, *events.current_connection());
  return 3;
}

/// What a called function gives: nothing, or the name of an event and its data.
int reply(lua_State* L) {
  if (lua_isnoneornil(L, 1)) return 0;
  if (lua_type(L, 1) != LUA_TSTRING || lua_objlen(L, 1) == 0)
    return luaL_error(L, "a listener returns nothing, or the name of an event and its data");
  lua_settop(L, 2);
  Engine& engine = engine_of(L);
  engine.scratch.clear();
  if (const char* problem = encode_json(L, 2, engine.scratch))
    return luaL_error(L, "the data of an answer cannot be JSON: %s", problem);
  CallResult& result = engine.events.current()->call->result;
  result.event = text_at(L, 1);
  result.data = engine.scratch;
  return 0;
}

/// Second half of a call that waits.
int answer(lua_State* L) {
  const Event& event = *engine_of(L).events.current();
  return push_answer(L, event.answer);
}

int may_wait(lua_State* L) {
  lua_pushboolean(L, engine_of(L).events.current()->may_wait());
  return 1;
}

}  // namespace

void push_native(lua_State* L) {
  lua_newtable(L);
  lua_pushlightuserdata(L, &wait_mark);
  lua_setfield(L, -2, "WAIT");
  set_function(L, "enter", enter);
  set_function(L, "message", enter_message);
  set_function(L, "called", enter_call);
  set_function(L, "reply", reply);
  set_function(L, "answer", answer);
  set_function(L, "may_wait", may_wait);
  set_function(L, "queue_push", start_queue_push);
  add_package(L);
  lua_getglobal(L, "debug");
  lua_getfield(L, -1, "getinfo");
  lua_setfield(L, -3, "getinfo");
  lua_pop(L, 1);

  lua_newtable(L);
  set_function(L, "wait_context_value", start_wait_context_value);
  set_function(L, "mesh_send", start_mesh_send);
  set_function(L, "mesh_publish", start_mesh_publish);
  add_mesh_starts(L);
  set_function(L, "http_request", start_http_request);
  set_function(L, "redis_command", start_redis_command);
  lua_setfield(L, -2, "waiting");
  make_integer_type(L);
}

void push_mix(lua_State* L, int waiting) {
  lua_newtable(L);
  add_codec(L);
  add_json(L);
  add_log(L);
  add_mesh(L, waiting);
  add_queue(L, waiting);
  add_redis(L, waiting);
  add_http(L, waiting);
  add_php_pack(L);
  add_url(L);
  add_server(L);
}

}  // namespace weft::script
