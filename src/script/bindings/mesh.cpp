// mix.mesh: any connection and any channel, wherever they are.
#include "script/bindings/answers.hpp"
#include "script/bindings/bindings.hpp"
#include "script/bindings/integer.hpp"
#include "script/stack.hpp"

namespace weft::script {

int start_mesh_send(lua_State* L) {
  const ConnectionId id = check_connection_id(L, 1);
  const std::string_view data = check_text(L, 2);
  const DataType type = check_type(L, 3);
  Engine& engine = engine_of(L);
  const WaitToken token = engine.events.begin_wait();
  {
    const Completion done(engine.events, token);
    engine.host.mesh_send(id, std::string(data), type,
                          [done](Problem problem) { done(SendAnswer{std::move(problem)}); });
  }
  lua_pushboolean(L, engine.events.is_waiting(token));
  return 1;
}

int start_mesh_publish(lua_State* L) {
  const std::string_view channel = check_text(L, 1), data = check_text(L, 2);
  const DataType type = check_type(L, 3);
  Engine& engine = engine_of(L);
  const WaitToken token = engine.events.begin_wait();
  {
    const Completion done(engine.events, token);
    engine.host.mesh_publish(std::string(channel), std::string(data), type,
                             [done](PublishCount count, Problem problem) {
                               done(PublishAnswer{count, std::move(problem)});
                             });
  }
  lua_pushboolean(L, engine.events.is_waiting(token));
  return 1;
}

void add_mesh(lua_State* L, int waiting) {
  lua_newtable(L);
  lua_getfield(L, waiting, "mesh_send");
  lua_setfield(L, -2, "send");
  lua_getfield(L, waiting, "mesh_publish");
  lua_setfield(L, -2, "publish");
  add_mesh_calls(L, waiting);
  lua_setfield(L, -2, "mesh");
}

}  // namespace weft::script
