// mix.queue: hand-over to workers. A full topic is an error, never a wait.
#include "script/bindings/bindings.hpp"
#include "script/bindings/json.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

/// mix.queue.new(name, size) -> err
int queue_new(lua_State* L) {
  const std::string_view topic = check_text(L, 1);
  const lua_Number size = check_number(L, 2);
  check_argument(L, size >= 1 && size <= 1e9, 2, "a count of messages from 1 expected");
  Engine& engine = engine_of(L);
  engine.scratch = engine.host.queue_new(topic, static_cast<std::size_t>(size));
  return push_problem(L, engine.scratch);
}

/// mix.queue.push(topic, any) -> n, err
int queue_push(lua_State* L) {
  const std::string_view topic = check_text(L, 1);
  luaL_checkany(L, 2);
  Engine& engine = engine_of(L);
  engine.scratch.clear();
  if (const char* problem = encode_json(L, 2, engine.scratch)) return fail(L, problem);
  std::size_t depth = 0;
  {
    auto [items, problem] =
        engine.host.queue_push(topic, engine.events.current()->connection, engine.scratch);
    depth = items;
    engine.scratch = std::move(problem);
  }
  if (!engine.scratch.empty()) return fail(L, engine.scratch);
  lua_pushnumber(L, static_cast<lua_Number>(depth));
  return 1;
}

}  // namespace

void add_queue(lua_State* L) {
  lua_newtable(L);
  set_function(L, "new", queue_new);
  set_function(L, "push", queue_push);
  lua_setfield(L, -2, "queue");
}

}  // namespace weft::script
