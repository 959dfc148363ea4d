#include "script/sandbox.hpp"

#include <fmt/format.h>

#include <random>

#include "base/log.hpp"
#include "script/bindings/bindings.hpp"
#include "script/bindings/pattern.hpp"
#include "script/embedded.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr const char* kBase = "weft.base";  // registry: what every environment is copied from

constexpr const char* kFunctions[] = {
    "assert",   "error",    "getmetatable", "ipairs", "next",         "pairs",
    "pcall",    "rawequal", "rawget",       "select", "setmetatable", "tonumber",
    "tostring", "type",     "unpack",       "xpcall", "_VERSION"};
constexpr const char* kLibraries[] = {"string", "table", "math", "bit", "coroutine"};
constexpr const char* kOs[] = {"time", "clock", "date", "difftime"};
constexpr const char* kTrusted[] = {"io", "os", "debug", "jit", "getfenv", "setfenv"};

/// Pushes a copy of the table at `index` and of the tables in it, down to `depth` levels.
void push_copy(lua_State* L, int index, int depth) {
  index = absolute(L, index);
  luaL_checkstack(L, 8, "too many nested tables");
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pushvalue(L, -2);
    if (depth > 0 && lua_istable(L, -2))
      push_copy(L, -2, depth - 1);
    else
      lua_pushvalue(L, -2);
    lua_rawset(L, -5);
    lua_pop(L, 1);
  }
}

// A global that the script's file did not make: one of this connection, if a callback of it made
// it.
int global_get(lua_State* L) {
  Engine& engine = engine_of(L);
  Connection* connection = engine.events.current_connection();
  if (!connection || connection->globals == Connection::kNone) return 0;
  engine.events.push_globals(L, *connection);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}

// A new global: shared while the file and init() run, else the connection's own, so nothing leaks
// to another one.
int global_set(lua_State* L) {
  Engine& engine = engine_of(L);
  Connection* connection = engine.events.current_connection();
  if (connection && !engine.scripts.is_loading_module())
    engine.events.push_globals(L, *connection);
  else
    lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 3);
  lua_rawset(L, -3);
  return 0;
}

// rawset on the environment obeys the same rule.
int raw_set(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkany(L, 2);
  luaL_checkany(L, 3);
  lua_settop(L, 3);
  engine_of(L).events.current()->loaded->push_environment(L);
  const bool is_environment = lua_rawequal(L, 1, -1) != 0;
  lua_pop(L, 1);
  if (is_environment)
    lua_settable(L, 1);
  else
    lua_rawset(L, 1);
  lua_settop(L, 1);
  return 1;
}

// ("x"):name() where name is not Lua's own: what this script put into its table `string`.
int string_method(lua_State* L) {
  Event* event = engine_of(L).events.current();
  if (!event) return 0;
  event->loaded->push_environment(L);
  lua_pushliteral(L, "string");
  lua_rawget(L, -2);
  if (!lua_istable(L, -1)) return 0;
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}

int print(lua_State* L) {
  const int count = lua_gettop(L);
  for (int i = 1; i <= count; ++i) {
    push_ours(L, "weft.tostring");
    lua_pushvalue(L, i);
    lua_call(L, 1, 1);
    if (!lua_isstring(L, -1)) return luaL_error(L, "'tostring' must give a string to 'print'");
    lua_replace(L, i);
  }
  std::string& line = engine_of(L).scratch;
  line.clear();
  for (int i = 1; i <= count; ++i) {
    if (i > 1) line += '\t';
    line += check_text(L, i);
  }
  log::write(log::Level::info, line);
  return 0;
}

int collect_garbage(lua_State* L) {
  static const char* const kOptions[] = {"count", nullptr};
  luaL_checkoption(L, 1, "count", kOptions);
  lua_pushnumber(L, static_cast<lua_Number>(engine_of(L).machine.used()) / 1024);
  return 1;
}

/// load(text | function [, name]) and loadstring(text [, name]): text only, in the script's own
/// environment.
int load_text(lua_State* L) {
  if (lua_isfunction(L, 1)) {
    lua_pushliteral(L, "");
    for (;;) {
      lua_pushvalue(L, 1);
      lua_call(L, 0, 1);
      if (text_at(L, -1).empty()) break;
      lua_concat(L, 2);
    }
    lua_pop(L, 1);
    lua_replace(L, 1);
  }
  const std::string_view text = check_text(L, 1);
  const char* name = luaL_optstring(L, 2, text.data());
  if (luaL_loadbufferx(L, text.data(), text.size(), name,
                       engine_of(L).limits.trusted ? "bt" : "t") != 0) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  if (lua_istable(L, 4))
    lua_pushvalue(L, 4);
  else
    engine_of(L).events.current()->loaded->push_environment(L);
  lua_setfenv(L, -2);
  return 1;
}

void copy_field(lua_State* L, int from, const char* name) {
  lua_getfield(L, from, name);
  lua_setfield(L, -2, name);
}

/// Runs the prelude; leaves its table on the stack.
void run_prelude(lua_State* L) {
  const std::string_view prelude = embedded_file("prelude.lua");
  if (luaL_loadbufferx(L, prelude.data(), prelude.size(), "@weft/prelude.lua", "t") != 0)
    lua_error(L);
  push_native(L);
  lua_call(L, 1, 1);
}

void keep(lua_State* L, int from, const char* field, const char* name) {
  lua_getfield(L, from, field);
  lua_setfield(L, LUA_REGISTRYINDEX, name);
}

void make_string_metatable(lua_State* L, int base) {
  lua_getfield(L, base, "string");
  push_copy(L, -1, 0);
  lua_newtable(L);
  set_function(L, "__index", string_method);
  lua_setmetatable(L, -2);

  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "string");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 4);
}

}  // namespace

void open_sandbox(lua_State* L, const VmLimits& limits) {
  luaL_openlibs(L);
  if (!limits.jit) luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  lua_pushvalue(L, LUA_GLOBALSINDEX);
  const int globals = lua_gettop(L);
  lua_getfield(L, globals, "tostring");
  lua_setfield(L, LUA_REGISTRYINDEX, "weft.tostring");
  run_prelude(L);
  const int prelude = lua_gettop(L);
  keep(L, prelude, "event", kEventEntry);
  keep(L, prelude, "message", kMessageEntry);
  keep(L, prelude, "package", kPackageEntry);
  keep(L, prelude, "call", kCallEntry);
  keep(L, prelude, "parameters", "weft.parameters");

  lua_newtable(L);
  const int base = lua_gettop(L);
  for (const char* name : kFunctions) copy_field(L, globals, name);
  for (const char* name : kLibraries) copy_field(L, globals, name);
  if (limits.trusted) {
    for (const char* name : kTrusted) copy_field(L, globals, name);
  } else {
    lua_newtable(L);
    lua_getfield(L, globals, "os");
    lua_insert(L, -2);
    for (const char* name : kOs) copy_field(L, -2, name);
    lua_setfield(L, base, "os");
    lua_pop(L, 1);
  }
  set_function(L, "rawset", raw_set);
  set_function(L, "print", print);
  set_function(L, "load", load_text);
  set_function(L, "loadstring", load_text);
  set_function(L, "require", require_module);
  set_function(L, "collectgarbage", collect_garbage);

  lua_getfield(L, base, "string");
  lua_pushnil(L);
  lua_setfield(L, -2, "dump");
  add_patterns(L);
  lua_pop(L, 1);
  lua_getfield(L, base, "coroutine");
  copy_field(L, prelude, "resume");
  copy_field(L, prelude, "wrap");
  lua_pop(L, 1);
  lua_getfield(L, prelude, "waiting");
  push_mix(L, lua_gettop(L));
  lua_setfield(L, base, "mix");
  make_connection_type(L, lua_gettop(L));
  lua_pop(L, 1);
  make_string_metatable(L, base);

  // Seeded, or every start would draw the same numbers.
  lua_getfield(L, globals, "math");
  lua_getfield(L, -1, "randomseed");
  lua_pushnumber(L, std::random_device{}());
  lua_call(L, 1, 0);
  lua_pop(L, 1);

  lua_settop(L, base);
  lua_setfield(L, LUA_REGISTRYINDEX, kBase);
  if (limits.trusted) return;
  // Nothing of the full libraries stays where a script might reach it.
  lua_newtable(L);
  lua_replace(L, LUA_GLOBALSINDEX);
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
}

void push_new_environment(lua_State* L) {
  push_ours(L, kBase);
  push_copy(L, -1, 2);
  lua_remove(L, -2);
  const int environment = lua_gettop(L);
  lua_pushvalue(L, environment);
  lua_setfield(L, environment, "_G");

  lua_newtable(L);  // package.loaded
  for (const char* name : kLibraries) copy_field(L, environment, name);
  copy_field(L, environment, "os");
  copy_field(L, environment, "_G");
  push_websocket_module(L);
  lua_setfield(L, -2, "weft/websocket");
  const int loaded = lua_gettop(L);
  lua_newtable(L);
  lua_pushvalue(L, loaded);
  lua_setfield(L, -2, "loaded");
  lua_setfield(L, environment, "package");

  lua_newtable(L);
  set_function(L, "__index", global_get);
  set_function(L, "__newindex", global_set);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, loaded);
  lua_setfield(L, -2, "loaded");
  lua_setmetatable(L, environment);
  lua_settop(L, environment);
}

}  // namespace weft::script
