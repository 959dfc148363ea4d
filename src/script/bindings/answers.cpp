#include "script/bindings/answers.hpp"

#include "script/stack.hpp"

namespace weft::script {
namespace {

int push_context_answer(lua_State* L, const ContextAnswer& answer) {
  if (!answer.problem.empty()) return fail(L, answer.problem);
  Engine& engine = engine_of(L);
  Connection* connection = engine.events.current_connection();
  if (!connection) return fail(L, "connection closed");
  engine.events.push_context(L, *connection);
  push(L, answer.key);
  lua_rawget(L, -2);
  return 1;
}

int push_publish_answer(lua_State* L, const PublishAnswer& answer) {
  lua_pushnumber(L, static_cast<lua_Number>(answer.count.success));
  lua_pushnumber(L, static_cast<lua_Number>(answer.count.fail));
  return 2 + push_problem(L, answer.problem);
}

}  // namespace

int push_answer(lua_State* L, const Answer& answer) {
  switch (answer.index()) {
    case 1:
      return push_context_answer(L, std::get<ContextAnswer>(answer));
    case 2:
      return push_problem(L, std::get<SendAnswer>(answer).problem);
    case 3:
      return push_publish_answer(L, std::get<PublishAnswer>(answer));
    case 4:
      return push_http_answer(L, std::get<HttpAnswer>(answer));
    case 5:
      return push_redis_answer(L, std::get<RedisAnswer>(answer));
    default:
      return fail(L, "there was nothing to wait for");
  }
}

}  // namespace weft::script
