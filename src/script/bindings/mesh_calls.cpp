// mix.mesh, the calls beside send and publish: users, everybody, other connections, who is where.
#include <algorithm>

#include "script/bindings/answers.hpp"
#include "script/bindings/bindings.hpp"
#include "script/bindings/integer.hpp"
#include "script/bindings/json.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr int kMaxChannels = 1000;

/// First half of a call: `ask(host, completion)` asks. No Lua runs while it does.
template <class Ask>
int start(lua_State* L, Ask ask) {
  Engine& engine = engine_of(L);
  const WaitToken token = engine.events.begin_wait();
  ask(engine.host, Completion(engine.events, token));
  lua_pushboolean(L, engine.events.is_waiting(token));
  return 1;
}

ScriptHost::Done tell_done(const Completion& done) {
  return [done](Problem problem) { done(DoneAnswer{std::move(problem)}); };
}
ScriptHost::Counted tell_count(const Completion& done) {
  return [done](PublishCount count, Problem problem) {
    done(CountAnswer{count, std::move(problem)});
  };
}
ScriptHost::Told tell_text(const Completion& done) {
  return [done](std::string json, Problem problem) {
    done(ToldAnswer{std::move(json), std::move(problem)});
  };
}

std::string_view optional_text(lua_State* L, int index) {
  return lua_isnoneornil(L, index) ? std::string_view() : check_text(L, index);
}

std::uint16_t check_code(lua_State* L, int index) {
  const int code = static_cast<int>(luaL_optinteger(L, index, 1000));
  check_argument(L, code == 1000 || (code >= 3000 && code <= 4999), index,
                 "1000 or 3000 to 4999 expected");
  return static_cast<std::uint16_t>(code);
}

/// What `only` says: nothing, false, true, "close" or "unbind".
OtherConnections check_only(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TSTRING)
    return lua_toboolean(L, index) ? OtherConnections::close : OtherConnections::stay;
  const std::string_view word = text_at(L, index);
  check_argument(L, word == "close" || word == "unbind", index,
                 "true, \"close\" or \"unbind\" expected");
  return word == "close" ? OtherConnections::close : OtherConnections::unbind;
}

/// A name, or a list of them, is fine.
void check_channels(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return;
  check_argument(L, lua_istable(L, index), index, "name of a channel or a list of names expected");
  const int count = static_cast<int>(lua_objlen(L, index));
  check_argument(L, count <= kMaxChannels, index, "at most 1000 names expected");
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, index, i);
    check_argument(L, lua_type(L, -1) == LUA_TSTRING, index, "list of names expected");
    lua_pop(L, 1);
  }
}

/// After check_channels: raises no error.
std::vector<std::string> channels_at(lua_State* L, int index) {
  std::vector<std::string> channels;
  if (lua_type(L, index) == LUA_TSTRING) {
    channels.emplace_back(text_at(L, index));
    return channels;
  }
  const int count = static_cast<int>(lua_objlen(L, index));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, index, i);
    channels.emplace_back(text_at(L, -1));
    lua_pop(L, 1);
  }
  return channels;
}

int send_user(lua_State* L) {
  const std::string_view user = check_text(L, 1), data = check_text(L, 2);
  const DataType type = check_type(L, 3);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    host.mesh_send_user(std::string(user), std::string(data), type, tell_count(done));
  });
}

int send_all(lua_State* L) {
  const std::string_view data = check_text(L, 1);
  const DataType type = check_type(L, 2);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    host.mesh_send_all(std::string(data), type, tell_count(done));
  });
}

int kick(lua_State* L) {
  const std::string_view user = check_text(L, 1), reason = optional_text(L, 3);
  const std::uint16_t code = check_code(L, 2);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    host.mesh_kick(std::string(user), code, std::string(reason), tell_count(done));
  });
}

int bind(lua_State* L) {
  const ConnectionId id = check_connection_id(L, 1);
  const std::string_view user = check_text(L, 2);
  const OtherConnections others = check_only(L, 3);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    host.mesh_bind(id, std::string(user), others, tell_count(done));
  });
}

int unbind(lua_State* L) {
  const ConnectionId id = check_connection_id(L, 1);
  const std::string_view user = optional_text(L, 2);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    host.mesh_unbind(id, std::string(user), tell_done(done));
  });
}

template <auto change>
int change_channels(lua_State* L) {
  const ConnectionId id = check_connection_id(L, 1);
  check_channels(L, 2);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    (host.*change)(id, channels_at(L, 2), tell_done(done));
  });
}

int set_context(lua_State* L) {
  const ConnectionId id = check_connection_id(L, 1);
  check_argument(L, lua_istable(L, 2), 2, "table expected");
  Engine& engine = engine_of(L);
  engine.scratch.clear();
  if (const char* problem = encode_json(L, 2, engine.scratch))
    return luaL_error(L, "the context cannot be JSON: %s", problem);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    host.mesh_set_context(id, std::string(engine.scratch), tell_done(done));
  });
}

int close(lua_State* L) {
  const ConnectionId id = check_connection_id(L, 1);
  const std::uint16_t code = check_code(L, 2);
  const std::string_view reason = optional_text(L, 3);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    host.mesh_close(id, code, std::string(reason), tell_done(done));
  });
}

template <auto ask>
int ask_about(lua_State* L) {
  const std::string_view name = check_text(L, 1);
  return start(L, [&](ScriptHost& host, const Completion& done) {
    (host.*ask)(std::string(name), tell_text(done));
  });
}

int nodes(lua_State* L) {
  return start(L,
               [](ScriptHost& host, const Completion& done) { host.mesh_nodes(tell_text(done)); });
}

int node_id(lua_State* L) {
  Engine& engine = engine_of(L);
  engine.scratch = engine.host.node_id();
  return push(L, engine.scratch);
}

struct MeshCall {
  const char *name, *start_name;  // in mix.mesh, and among the functions that wait
  lua_CFunction start;
};
constexpr MeshCall kCalls[] = {
    {"send_user", "mesh_send_user", send_user},
    {"send_all", "mesh_send_all", send_all},
    {"kick", "mesh_kick", kick},
    {"bind", "mesh_bind", bind},
    {"unbind", "mesh_unbind", unbind},
    {"subscribe", "mesh_subscribe", change_channels<&ScriptHost::mesh_subscribe>},
    {"unsubscribe", "mesh_unsubscribe", change_channels<&ScriptHost::mesh_unsubscribe>},
    {"set_context", "mesh_set_context", set_context},
    {"close", "mesh_close", close},
    {"presence", "mesh_presence", ask_about<&ScriptHost::mesh_presence>},
    {"connections", "mesh_connections", ask_about<&ScriptHost::mesh_connections>},
    {"nodes", "mesh_nodes", nodes}};

}  // namespace

void add_mesh_starts(lua_State* L) {
  for (const MeshCall& call : kCalls) set_function(L, call.start_name, call.start);
}

void add_mesh_calls(lua_State* L, int waiting) {
  for (const MeshCall& call : kCalls) {
    lua_getfield(L, waiting, call.start_name);
    lua_setfield(L, -2, call.name);
  }
  set_function(L, "node_id", node_id);
}

}  // namespace weft::script
