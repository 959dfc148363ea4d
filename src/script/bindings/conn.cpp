// `conn`: the connection that an event belongs to. A script may keep it; when the connection has
// gone, every call says "connection closed".
#include "script/bindings/answers.hpp"
#include "script/bindings/bindings.hpp"
#include "script/bindings/integer.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr const char* kType = "weft.connection";
constexpr std::string_view kClosed = "connection closed";
constexpr int kMaxChannels = 1000;  // of one call

/// The id at `index`, nullptr when there is something else. Types are told apart by the address of
/// their metatable, which costs less than its name.
const ConnectionId* id_at(lua_State* L, int index) {
  const void* value = lua_touserdata(L, index);
  if (!value || !lua_getmetatable(L, index)) return nullptr;
  const bool is_ours = lua_topointer(L, -1) == engine_of(L).connection_type;
  lua_pop(L, 1);
  return is_ours ? static_cast<const ConnectionId*>(value) : nullptr;
}

ConnectionId check_id(lua_State* L) {
  const ConnectionId* id = id_at(L, 1);
  if (!id) raise_argument(L, 1, "connection expected: write conn:name(), with a colon");
  return *id;
}

/// nullptr when it has gone altogether; is_closed while its on_close runs.
Connection* find(lua_State* L) { return engine_of(L).events.find(check_id(L)); }
Connection* find_open(lua_State* L) {
  Connection* connection = find(L);
  return connection && !connection->is_closed ? connection : nullptr;
}

int client_id(lua_State* L) {
  char digits[24];
  lua_pushlstring(
      L, digits,
      static_cast<std::size_t>(write_digits(static_cast<std::int64_t>(check_id(L)), digits)));
  return 1;
}

int remote_addr(lua_State* L) {
  Engine& engine = engine_of(L);
  engine.scratch = engine.host.remote_addr(check_id(L));
  return push(L, engine.scratch);
}

int context(lua_State* L) {
  Connection* connection = find(L);
  if (!connection) return fail(L, kClosed);
  engine_of(L).events.push_context(L, *connection);
  return 1;
}

int context_value(lua_State* L) {
  luaL_checkany(L, 2);
  Connection* connection = find(L);
  if (!connection) return fail(L, kClosed);
  engine_of(L).events.push_context(L, *connection);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}

/// Tells whoever waits for the key on top of the stack.
void announce(lua_State* L, Connection& connection) {
  if (lua_type(L, -1) == LUA_TSTRING) engine_of(L).events.context_set(connection, text_at(L, -1));
}

int set_context(lua_State* L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  Connection* connection = find_open(L);
  if (!connection) return push_problem(L, kClosed);
  engine_of(L).events.push_context(L, *connection);
  lua_pushnil(L);
  while (lua_next(L, 2)) {
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 3);
    lua_pop(L, 1);
    announce(L, *connection);
  }
  return push_problem(L, "");
}

int set_context_value(lua_State* L) {
  luaL_checkany(L, 2);
  check_argument(L, !lua_isnil(L, 2), 2, "a key must not be nil");
  lua_settop(L, 3);
  Connection* connection = find_open(L);
  if (!connection) return push_problem(L, kClosed);
  engine_of(L).events.push_context(L, *connection);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 3);
  lua_rawset(L, -3);
  lua_settop(L, 2);
  announce(L, *connection);
  return push_problem(L, "");
}

// Views stay valid: the strings are arguments on the stack. The host gets copies.
int change_channels(lua_State* L,
                    Problem (ScriptHost::*change)(ConnectionId, std::span<const std::string>)) {
  const ConnectionId id = check_id(L);
  const int last = lua_gettop(L);
  if (last - 1 > kMaxChannels)
    return luaL_error(L, "at most %d channels in one call", kMaxChannels);
  for (int i = 2; i <= last; ++i) check_text(L, i);
  if (!find_open(L)) return push_problem(L, kClosed);
  Engine& engine = engine_of(L);
  {
    std::vector<std::string> channels;
    for (int i = 2; i <= last; ++i) channels.emplace_back(text_at(L, i));
    engine.scratch = (engine.host.*change)(id, channels);
  }
  return push_problem(L, engine.scratch);
}
int subscribe(lua_State* L) { return change_channels(L, &ScriptHost::subscribe); }
int unsubscribe(lua_State* L) { return change_channels(L, &ScriptHost::unsubscribe); }

/// conn:close([code [, reason]])
int close(lua_State* L) {
  const ConnectionId id = check_id(L);
  const int code = static_cast<int>(luaL_optinteger(L, 2, 1000));
  check_argument(
      L,
      code == 1000 ||
          (code >= 1001 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
          (code >= 3000 && code <= 4999),
      2, "not a close code that may be sent");
  const std::string_view reason = lua_isnoneornil(L, 3) ? std::string_view() : check_text(L, 3);
  if (!find_open(L)) return push_problem(L, kClosed);
  engine_of(L).host.close(id, static_cast<std::uint16_t>(code), reason.substr(0, 123));
  return push_problem(L, "");
}

int clear_buffer(lua_State* L) {
  Connection* connection = find(L);
  if (connection && connection->input) connection->input->clear();
  return 0;
}

int send(lua_State* L) {
  const ConnectionId id = check_id(L);
  const std::string_view data = check_text(L, 2);
  Engine& engine = engine_of(L);
  const Connection* connection = engine.events.find(id);
  if (!connection || connection->is_closed) return push_problem(L, kClosed);
  const bool is_raw = engine.scripts.at(connection->script)->config().protocol == Protocol::socket;
  const DataType type = is_raw ? DataType::binary : check_type(L, 3);
  engine.scratch = engine.host.send(id, data, type);
  return push_problem(L, engine.scratch);
}

int equal(lua_State* L) {
  const ConnectionId *a = id_at(L, 1), *b = id_at(L, 2);
  lua_pushboolean(L, a && b && *a == *b);
  return 1;
}

int to_text(lua_State* L) {
  client_id(L);
  lua_pushfstring(L, "connection %s", lua_tostring(L, -1));
  return 1;
}

/// mix.websocket() and mix.socket.tcp()
int current(lua_State* L) {
  const Connection* connection = engine_of(L).events.current_connection();
  if (!connection) return fail(L, "there is no connection outside of its callbacks");
  push_connection(L, static_cast<long long>(connection->id));
  return 1;
}

int option(lua_State* L) {
  const std::string_view name = check_text(L, 1);
  const auto& options = engine_of(L).events.current()->loaded->config().options;
  for (const auto& [known, value] : options) {
    if (known == name) return push(L, value);
  }
  lua_pushnil(L);
  return 1;
}

}  // namespace

int start_wait_context_value(lua_State* L) {
  const ConnectionId id = check_id(L);
  const std::string_view key = check_text(L, 2);
  Engine& engine = engine_of(L);
  Events& events = engine.events;
  Event& event = *events.current();
  const WaitToken token = events.begin_wait();
  const Connection* connection = find_open(L);
  const auto set = std::ranges::find(event.keys_set, key);
  if (id != event.connection) {
    events.answer(
        token, ContextAnswer{
                   {}, "wait_context_value works on the connection of the running callback only"});
  } else if (!connection) {
    events.answer(token, ContextAnswer{{}, Problem(kClosed)});
  } else if (set != event.keys_set.end()) {
    event.keys_set.erase(set);
    events.answer(token, ContextAnswer{std::string(key), {}});
  } else {
    event.awaited = key;
    event.timer = std::make_unique<net::CallbackTimer>(
        [&events, &event, token, limit = engine.limits.wait_timeout] {
          // answer() destroys the timer, and this function with it.
          Events& its_events = events;
          const WaitToken its_token = token;
          Problem problem = fmt::format("wait_context_value({}): nobody set it within {} ms",
                                        event.awaited, limit.count());
          event.awaited.clear();
          its_events.answer(its_token, ContextAnswer{{}, std::move(problem)});
        });
    engine.loop.timers().set(*event.timer, engine.limits.wait_timeout);
  }
  lua_pushboolean(L, events.is_waiting(token));
  return 1;
}

void push_connection(lua_State* L, long long id) {
  *static_cast<ConnectionId*>(lua_newuserdata(L, sizeof(ConnectionId))) = ConnectionId{id};
  luaL_getmetatable(L, kType);
  lua_setmetatable(L, -2);
}

void make_connection_type(lua_State* L, int waiting) {
  waiting = absolute(L, waiting);
  luaL_newmetatable(L, kType);
  engine_of(L).connection_type = lua_topointer(L, -1);
  set_function(L, "__eq", equal);
  set_function(L, "__tostring", to_text);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_newtable(L);
  set_function(L, "client_id", client_id);
  set_function(L, "remote_addr", remote_addr);
  set_function(L, "context", context);
  set_function(L, "context_value", context_value);
  set_function(L, "set_context", set_context);
  set_function(L, "set_context_value", set_context_value);
  set_function(L, "subscribe", subscribe);
  set_function(L, "unsubscribe", unsubscribe);
  set_function(L, "close", close);
  set_function(L, "clear_buffer", clear_buffer);
  set_function(L, "send", send);
  lua_getfield(L, waiting, "wait_context_value");
  lua_setfield(L, -2, "wait_context_value");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

void add_server(lua_State* L) {
  set_function(L, "websocket", current);
  lua_newtable(L);
  set_function(L, "tcp", current);
  lua_setfield(L, -2, "socket");
  lua_newtable(L);
  set_function(L, "option", option);
  lua_setfield(L, -2, "server");
}

}  // namespace weft::script
