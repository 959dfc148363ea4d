// What every binding needs to talk to Lua's stack. The rule of all bindings: arguments are read
// first, as views and numbers; objects with destructors live in an inner scope that calls no Lua;
// results wait in the engine's scratch until they are pushed. So an error of Lua, which unwinds by
// longjmp or by force, skips no destructor.
#pragma once
#include <lua.hpp>
#include <string>
#include <string_view>

#include "script/engine.hpp"
#include "weft/types.hpp"

namespace weft::script {

inline Engine& engine_of(lua_State* L) { return Machine::of(L).owner(); }

inline int push(lua_State* L, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

/// nil and a message: how functions that give a value say what went wrong.
inline int fail(lua_State* L, std::string_view message) {
  lua_pushnil(L);
  push(L, message);
  return 2;
}

/// nil, or the problem: how functions say that have nothing else to give.
inline int push_problem(lua_State* L, std::string_view problem) {
  if (problem.empty())
    lua_pushnil(L);
  else
    push(L, problem);
  return 1;
}

/// Raises an error that names the line of the script, also when our own Lua stands between.
[[noreturn]] void raise(lua_State* L, const char* what);
/// Raises "bad argument" in Lua's manner.
[[noreturn]] void raise_argument(lua_State* L, int index, const char* expected);

inline void check_argument(lua_State* L, bool is_fine, int index, const char* expected) {
  if (!is_fine) raise_argument(L, index, expected);
}

/// A string or number argument; raises an error for anything else.
inline std::string_view check_text(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  if (!text) raise_argument(L, index, "string expected");
  return {text, size};
}

inline lua_Number check_number(lua_State* L, int index) {
  if (!lua_isnumber(L, index)) raise_argument(L, index, "number expected");
  return lua_tonumber(L, index);
}

/// The string at `index`; empty when there is something else.
inline std::string_view text_at(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TSTRING) return {};
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return {text, size};
}

inline int absolute(lua_State* L, int index) {
  return index > 0 || index <= LUA_REGISTRYINDEX ? index : lua_gettop(L) + index + 1;
}

inline void set_function(lua_State* L, const char* name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}

/// Argument `type` of the send and publish functions: nothing, "text" or "binary"; raises an error
/// otherwise.
inline DataType check_type(lua_State* L, int index) {
  const int type = lua_type(L, index);
  if (type <= LUA_TNIL) return DataType::text;  // or not there
  const std::string_view name = type == LUA_TSTRING ? check_text(L, index) : std::string_view();
  check_argument(L, name == "text" || name == "binary", index, "\"text\" or \"binary\" expected");
  return name == "text" ? DataType::text : DataType::binary;
}

/// Our own tables and functions, kept where scripts cannot reach: registry[name].
inline void push_ours(lua_State* L, const char* name) { lua_getfield(L, LUA_REGISTRYINDEX, name); }

}  // namespace weft::script
