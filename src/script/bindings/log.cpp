// mix.log(level, message) and its levels.
#include "base/log.hpp"

#include "script/bindings/bindings.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr const char* kLevels[] = {"DEBUG", "INFO", "WARN", "ERROR"};

int write_log(lua_State* L) {
  const int level = static_cast<int>(luaL_checkinteger(L, 1));
  check_argument(L, level >= 0 && level < 4, 1,
                 "mix.DEBUG, mix.INFO, mix.WARN or mix.ERROR expected");
  push_ours(L, "weft.tostring");
  lua_pushvalue(L, 2);
  lua_call(L, 1, 1);
  log::write(static_cast<log::Level>(level), text_at(L, -1));
  return 0;
}

}  // namespace

void add_log(lua_State* L) {
  set_function(L, "log", write_log);
  for (int level = 0; level < 4; ++level) {
    lua_pushinteger(L, level);
    lua_setfield(L, -2, kLevels[level]);
  }
}

}  // namespace weft::script
