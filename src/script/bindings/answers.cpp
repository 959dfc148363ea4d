#include "script/bindings/answers.hpp"

#include "script/bindings/json.hpp"
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

int push_push_answer(lua_State* L, const PushAnswer& answer) {
  if (!answer.problem.empty()) return fail(L, answer.problem);
  lua_pushnumber(L, static_cast<lua_Number>(answer.depth));
  return 1;
}

void set_count(lua_State* L, const char* name, std::size_t count) {
  lua_pushnumber(L, static_cast<lua_Number>(count));
  lua_setfield(L, -2, name);
}

int push_count_answer(lua_State* L, const CountAnswer& answer) {
  if (!answer.problem.empty()) return fail(L, answer.problem);
  lua_createtable(L, 0, 4);
  set_count(L, "success", answer.count.success);
  set_count(L, "fail", answer.count.fail);
  set_count(L, "total", answer.count.success + answer.count.fail);
  set_count(L, "unreachable", answer.count.unreachable);
  return 1;
}

int push_done_answer(lua_State* L, const DoneAnswer& answer) {
  if (!answer.problem.empty()) return fail(L, answer.problem);
  lua_pushboolean(L, true);
  return 1;
}

int push_told_answer(lua_State* L, const ToldAnswer& answer) {
  if (!answer.problem.empty()) return fail(L, answer.problem);
  if (const char* problem = decode_json(L, answer.json)) return fail(L, problem);
  return 1;
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
    case 6:
      return push_push_answer(L, std::get<PushAnswer>(answer));
    case 7:
      return push_count_answer(L, std::get<CountAnswer>(answer));
    case 8:
      return push_done_answer(L, std::get<DoneAnswer>(answer));
    case 9:
      return push_told_answer(L, std::get<ToldAnswer>(answer));
    default:
      return fail(L, "there was nothing to wait for");
  }
}

}  // namespace weft::script
