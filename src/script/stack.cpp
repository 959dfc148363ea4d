#include "script/stack.hpp"

namespace weft::script {
namespace {

/// Pushes "file:line: " of the innermost function of the script; "" when there is none. `called_as`
/// gets the name by which the script called us.
void push_place(lua_State* L, const char*& called_as) {
  lua_Debug at{};
  for (int level = 0; lua_getstack(L, level, &at); ++level) {
    lua_getinfo(L, "Sln", &at);
    const bool is_ours = std::string_view(at.short_src).starts_with("weft/prelude");
    if (at.currentline > 0 && !is_ours) {
      lua_pushfstring(L, "%s:%d: ", at.short_src, at.currentline);
      return;
    }
    if (at.name) called_as = at.name;  // lives in the code that calls
  }
  lua_pushliteral(L, "");
}

}  // namespace

void raise(lua_State* L, const char* what) {
  const char* called_as = nullptr;
  push_place(L, called_as);
  lua_pushstring(L, what);
  lua_concat(L, 2);
  lua_error(L);
  __builtin_unreachable();
}

void raise_argument(lua_State* L, int index, const char* expected) {
  const char* called_as = "?";
  push_place(L, called_as);
  const char* got = luaL_typename(L, index);
  lua_pushfstring(L, "bad argument #%d to '%s' (%s, got %s)", index, called_as, expected, got);
  lua_concat(L, 2);
  lua_error(L);
  __builtin_unreachable();
}

}  // namespace weft::script
