// mix.http.request(method, url, {query, cookies, body, headers, timeout, auth}): without blocking
// the loop.
#include "script/bindings/answers.hpp"
#include "script/bindings/bindings.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

[[noreturn]] void raise_option(lua_State* L, const char* format, const char* name) {
  raise(L, lua_pushfstring(L, format, name));
}

/// The text of an option of the table at 3; raises an error when it is something else than a string
/// or number.
std::string_view check_option(lua_State* L, const char* name) {
  lua_getfield(L, 3, name);
  if (lua_isnil(L, -1)) return {};
  std::size_t size = 0;
  const char* text = lua_tolstring(L, -1, &size);
  if (!text) raise_option(L, "mix.http.request: option '%s' must be a string", name);
  return {text, size};
}

/// Leaves the table of an option on the stack, all its values strings; or nil.
void check_table_option(lua_State* L, const char* name) {
  lua_getfield(L, 3, name);
  if (lua_isnil(L, -1)) return;
  if (!lua_istable(L, -1))
    raise_option(L, "mix.http.request: option '%s' must be a table of strings", name);
  const int table = lua_gettop(L);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    const bool fine =
        lua_type(L, -2) == LUA_TSTRING && (lua_isstring(L, -1) || lua_isboolean(L, -1));
    if (!fine) raise_option(L, "mix.http.request: option '%s' must be a table of strings", name);
    if (lua_isboolean(L, -1)) {
      lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
      lua_replace(L, -2);
    }
    lua_tostring(L, -1);
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, table + 1);
  }
  lua_replace(L, table);
}

/// Copies such a table; raises nothing, for there are only strings in it.
Pairs pairs_at(lua_State* L, int index) {
  Pairs pairs;
  if (!lua_istable(L, index)) return pairs;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    pairs.emplace_back(text_at(L, -2), text_at(L, -1));
    lua_pop(L, 1);
  }
  return pairs;
}

void set_pairs(lua_State* L, const char* name, const Pairs& pairs) {
  lua_createtable(L, 0, static_cast<int>(pairs.size()));
  for (const auto& [key, value] : pairs) {
    push(L, key);
    push(L, value);
    lua_rawset(L, -3);
  }
  lua_setfield(L, -2, name);
}

}  // namespace

int start_http_request(lua_State* L) {
  const std::string_view method = check_text(L, 1), url = check_text(L, 2);
  if (lua_isnoneornil(L, 3)) {
    lua_settop(L, 2);
    lua_newtable(L);
  }
  check_argument(L, lua_istable(L, 3), 3, "table of options expected");
  lua_settop(L, 3);
  luaL_checkstack(L, 20, "too many options");
  check_table_option(L, "query");    // 4
  check_table_option(L, "headers");  // 5
  check_table_option(L, "cookies");  // 6
  check_table_option(L, "auth");     // 7
  const std::string_view body = check_option(L, "body");
  lua_getfield(L, 3, "timeout");
  const lua_Number seconds = lua_isnil(L, -1) ? 5 : check_number(L, -1);
  if (!(seconds > 0 && seconds <= 300))
    raise(L, "mix.http.request: timeout is in seconds, up to 300");
  std::string_view user, password;
  const bool has_auth = lua_istable(L, 7);
  if (has_auth) {
    lua_getfield(L, 7, "username");
    user = text_at(L, -1);
    lua_getfield(L, 7, "password");
    password = text_at(L, -1);
  }

  Engine& engine = engine_of(L);
  const WaitToken token = engine.events.begin_wait();
  {
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.query = pairs_at(L, 4);
    request.headers = pairs_at(L, 5);
    request.cookies = pairs_at(L, 6);
    request.body = body;
    request.timeout = std::chrono::milliseconds(static_cast<int>(seconds * 1000));
    if (has_auth) request.basic_auth.emplace(user, password);
    const Completion done(engine.events, token);
    engine.host.http_request(std::move(request), [done](HttpResponse response, Problem problem) {
      done(HttpAnswer{std::move(response), std::move(problem)});
    });
  }
  lua_pushboolean(L, engine.events.is_waiting(token));
  return 1;
}

int push_http_answer(lua_State* L, const HttpAnswer& answer) {
  if (!answer.problem.empty()) return fail(L, answer.problem);
  const HttpResponse& response = answer.response;
  lua_createtable(L, 0, 6);
  push(L, response.body);
  lua_setfield(L, -2, "body");
  lua_pushnumber(L, static_cast<lua_Number>(response.body.size()));
  lua_setfield(L, -2, "body_size");
  lua_pushinteger(L, response.status);
  lua_setfield(L, -2, "status_code");
  push(L, response.url);
  lua_setfield(L, -2, "url");
  set_pairs(L, "headers", response.headers);
  set_pairs(L, "cookies", response.cookies);
  return 1;
}

void add_http(lua_State* L, int waiting) {
  lua_newtable(L);
  lua_getfield(L, waiting, "http_request");
  lua_setfield(L, -2, "request");
  lua_setfield(L, -2, "http");
}

}  // namespace weft::script
