// mix.queue: hand-over to workers. A full topic is an error, never a wait; a topic that is kept by
// a server is asked, and the script sleeps until the answer.
#include "script/bindings/answers.hpp"
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

}  // namespace

/// mix.queue.push(topic, any) -> n, err; here with `false` before them, or true alone: they are
/// still to come.
int start_queue_push(lua_State* L) {
  const std::string_view topic = check_text(L, 1);
  luaL_checkany(L, 2);
  Engine& engine = engine_of(L);
  engine.scratch.clear();
  if (const char* problem = encode_json(L, 2, engine.scratch)) {
    lua_pushboolean(L, 0);
    return 1 + fail(L, problem);
  }
  bool waits = false;
  std::size_t depth = 0;
  {
    const Event& event = *engine.events.current();
    auto pushed = engine.host.queue_push(topic, event.connection, engine.scratch);
    waits = !pushed && event.may_wait();
    if (waits) {
      const Completion done(engine.events, engine.events.begin_wait());
      engine.host.queue_push_later(topic, event.connection, engine.scratch,
                                   [done](std::size_t items, Problem problem) {
                                     done(PushAnswer{items, std::move(problem)});
                                   });
    } else if (!pushed) {
      engine.scratch = "this topic has to be waited for, which is not possible here";
    } else {
      depth = pushed->first;
      engine.scratch = std::move(pushed->second);
    }
  }
  lua_pushboolean(L, waits);
  if (waits) return 1;
  if (!engine.scratch.empty()) return 1 + fail(L, engine.scratch);
  lua_pushnumber(L, static_cast<lua_Number>(depth));
  return 2;
}

void add_queue(lua_State* L, int waiting) {
  lua_newtable(L);
  set_function(L, "new", queue_new);
  lua_getfield(L, waiting, "queue_push");
  lua_setfield(L, -2, "push");
  lua_setfield(L, -2, "queue");
}

}  // namespace weft::script
