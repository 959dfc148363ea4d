// mix.redis: commands of named connections, and the queue of jobs that lives in a Redis list.
#include "script/bindings/answers.hpp"
#include "script/bindings/bindings.hpp"
#include "script/bindings/integer.hpp"
#include "script/bindings/json.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr const char* kType = "weft.redis";
constexpr std::size_t kMaxName = 64;
constexpr int kMaxWords = 1000;  // of one command

struct Name {
  char text[kMaxName];
  std::size_t size;
};

/// mix.redis.connection([name]) -> redis, err
int connection(lua_State* L) {
  const std::string_view name = lua_isnoneornil(L, 1) ? std::string_view() : check_text(L, 1);
  if (name.size() > kMaxName || !engine_of(L).host.has_redis(name)) {
    return fail(L, name.empty() ? "the configuration names no Redis"
                                : "the configuration names no such Redis");
  }
  auto* made = static_cast<Name*>(lua_newuserdata(L, sizeof(Name)));
  made->size = name.copy(made->text, kMaxName);
  luaL_getmetatable(L, kType);
  lua_setmetatable(L, -2);
  return 1;
}

/// Words of a command: strings, numbers (integral ones without a fraction), booleans, boxed
/// integers.
void check_words(lua_State* L, int first) {
  for (int i = first; i <= lua_gettop(L); ++i) {
    if (lua_isboolean(L, i)) {
      lua_pushstring(L, lua_toboolean(L, i) ? "1" : "0");
      lua_replace(L, i);
    } else if (const auto boxed = boxed_integer(L, i)) {
      char digits[24];
      lua_pushlstring(L, digits, static_cast<std::size_t>(write_digits(*boxed, digits)));
      lua_replace(L, i);
    } else {
      check_text(L, i);
    }
  }
}

void run(Engine& engine, WaitToken token, std::string_view name, std::vector<std::string> words) {
  const Completion done(engine.events, token);
  engine.host.redis_command(std::string(name), std::move(words),
                            [done](RedisReply reply, Problem problem) {
                              done(RedisAnswer{std::move(reply), std::move(problem)});
                            });
}

const char* push_reply(lua_State* L, const RedisReply& reply, int depth) {
  if (depth > 32) return "the answer of Redis is nested too deeply";
  luaL_checkstack(L, 4, "the answer of Redis is nested too deeply");
  switch (reply.kind) {
    case RedisReply::Kind::nil:
      lua_pushnil(L);
      break;
    case RedisReply::Kind::integer:
      push_integer(L, reply.integer);
      break;
    case RedisReply::Kind::text:
      push(L, reply.text);
      break;
    case RedisReply::Kind::error:
      push(L, reply.text);
      break;
    case RedisReply::Kind::list:
      lua_createtable(L, static_cast<int>(reply.list.size()), 0);
      for (std::size_t i = 0; i < reply.list.size(); ++i) {
        if (const char* problem = push_reply(L, reply.list[i], depth + 1)) return problem;
        lua_rawseti(L, -2, static_cast<int>(i) + 1);
      }
      break;
  }
  return nullptr;
}

}  // namespace

/// redis:command(word, ...) -> any, err; also the second half of mix.redis.push, told apart by the
/// first argument.
int start_redis_command(lua_State* L) {
  Engine& engine = engine_of(L);
  check_argument(L, lua_gettop(L) >= 2 && lua_gettop(L) <= kMaxWords, 2,
                 "a command of 1 to 999 words expected");
  if (const auto* name = static_cast<Name*>(luaL_testudata(L, 1, kType))) {
    check_words(L, 2);
    const WaitToken token = engine.events.begin_wait();
    {
      std::vector<std::string> words;
      for (int i = 2; i <= lua_gettop(L); ++i) words.emplace_back(text_at(L, i));
      run(engine, token, {name->text, name->size}, std::move(words));
    }
    lua_pushboolean(L, engine.events.is_waiting(token));
    return 1;
  }

  // mix.redis.push(queue, any): the whole event object, as a worker would get it from a topic.
  const std::string_view queue = check_text(L, 1);
  Engine& its = engine;
  std::string& json = its.scratch;
  json = fmt::format(R"({{"n":"{}","c":"{}","t":)", its.host.node_id(),
                     to_string(its.events.current()->connection));
  lua_pushvalue(L, 1);
  const WaitToken token = its.events.begin_wait();
  const char* problem = encode_json(L, -1, json);
  if (!problem) {
    json += R"(,"d":)";
    problem = encode_json(L, 2, json);
    json += '}';
  }
  if (problem) {
    its.events.answer(token, RedisAnswer{{}, problem});
  } else {
    std::vector<std::string> words{"LPUSH", std::string(queue), std::move(json)};
    run(its, token, "", std::move(words));
  }
  lua_pushboolean(L, its.events.is_waiting(token));
  return 1;
}

int push_redis_answer(lua_State* L, const RedisAnswer& answer) {
  if (!answer.problem.empty()) return fail(L, answer.problem);
  if (answer.reply.kind == RedisReply::Kind::error) return fail(L, answer.reply.text);
  if (const char* problem = push_reply(L, answer.reply, 0)) return fail(L, problem);
  return 1;
}

void add_redis(lua_State* L, int waiting) {
  lua_newtable(L);
  set_function(L, "connection", connection);
  lua_getfield(L, waiting, "redis_command");
  lua_setfield(L, -2, "push");
  lua_setfield(L, -2, "redis");

  luaL_newmetatable(L, kType);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_newtable(L);
  lua_getfield(L, waiting, "redis_command");
  lua_setfield(L, -2, "command");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

}  // namespace weft::script
