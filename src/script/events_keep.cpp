// What is kept for the events: in Lua for each connection, and what ended events leave for the
// next.
#include "script/bindings/bindings.hpp"
#include "script/events.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr std::size_t kSpare = 64;  // of coroutines, and of events

}  // namespace

void Events::push_context(lua_State* L, Connection& connection) {
  if (connection.context != Connection::kNone)
    return lua_rawgeti(L, LUA_REGISTRYINDEX, connection.context);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  connection.context = luaL_ref(L, LUA_REGISTRYINDEX);
}

void Events::push_globals(lua_State* L, Connection& connection) {
  if (connection.globals != Connection::kNone)
    return lua_rawgeti(L, LUA_REGISTRYINDEX, connection.globals);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  connection.globals = luaL_ref(L, LUA_REGISTRYINDEX);
}

void Events::push_self(lua_State* L, Connection& connection) {
  if (connection.self != Connection::kNone)
    return lua_rawgeti(L, LUA_REGISTRYINDEX, connection.self);
  push_connection(L, static_cast<long long>(connection.id));
  lua_pushvalue(L, -1);
  connection.self = luaL_ref(L, LUA_REGISTRYINDEX);
}

lua_State* Events::take_coroutine(int& reference) {
  if (!spare_.empty()) {
    const auto [coroutine, its_reference] = spare_.back();
    spare_.pop_back();
    reference = its_reference;
    return coroutine;
  }
  lua_State* made = nullptr;
  const std::string problem = engine_.machine.protect([&](lua_State* L) {
    lua_State* coroutine = lua_newthread(L);
    reference = luaL_ref(L, LUA_REGISTRYINDEX);
    made = coroutine;
  });
  return problem.empty() ? made : nullptr;
}

void Events::give_coroutine(lua_State* coroutine, int reference, bool is_reusable) {
  if (is_reusable && spare_.size() < kSpare) {
    lua_settop(coroutine, 0);
    spare_.emplace_back(coroutine, reference);
  } else {
    luaL_unref(engine_.machine.main(), LUA_REGISTRYINDEX, reference);
  }
}

void Events::forget(ConnectionId id) {
  Connection* connection = find(id);
  luaL_unref(engine_.machine.main(), LUA_REGISTRYINDEX, connection->context);
  luaL_unref(engine_.machine.main(), LUA_REGISTRYINDEX, connection->globals);
  luaL_unref(engine_.machine.main(), LUA_REGISTRYINDEX, connection->self);
  last_found_ = nullptr;
  connections_.erase(id);
}

std::unique_ptr<Event> Events::take_event() {
  if (ended_.empty()) return std::make_unique<Event>();
  std::unique_ptr<Event> event = std::move(ended_.back());
  ended_.pop_back();
  return event;
}

void Events::give_event(std::unique_ptr<Event> event) {
  if (ended_.size() >= kSpare) return;
  event->reset();
  ended_.push_back(std::move(event));
}

}  // namespace weft::script
