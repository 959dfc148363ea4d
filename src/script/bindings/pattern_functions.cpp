// string.find, match, gmatch and gsub: what scripts do with a Matcher.
#include <cctype>

#include "script/bindings/pattern.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

/// Argument 3 of find and match as an offset: from 1, or from the end when negative.
std::size_t check_start(lua_State* L, int index, std::size_t size) {
  const auto length = static_cast<lua_Number>(size);
  lua_Number start = luaL_optnumber(L, index, 1);
  if (start < 0) start += length + 1;
  if (!(start >= 1)) start = 1;
  return start > length + 1 ? size + 1 : static_cast<std::size_t>(start) - 1;
}

int find_or_match(lua_State* L, bool is_find) {
  const std::string_view subject = check_text(L, 1), pattern = check_text(L, 2);
  const std::size_t start = check_start(L, 3, subject.size());
  if (start > subject.size()) return 0;  // Lua gives one nil: so does an empty result here
  if (is_find && (lua_toboolean(L, 4) || pattern.find_first_of("^$*+?.([%-") == pattern.npos)) {
    const std::size_t at = find_plain(subject, pattern, start);
    if (at == subject.npos) return 0;
    lua_pushnumber(L, static_cast<lua_Number>(at + 1));
    lua_pushnumber(L, static_cast<lua_Number>(at + pattern.size()));
    return 2;
  }
  Matcher matcher(L, subject, pattern);
  for (std::size_t at = start; at <= subject.size(); ++at) {
    if (matcher.match_at(at)) {
      if (!is_find) return matcher.push_captures(at, true);
      lua_pushnumber(L, static_cast<lua_Number>(at + 1));
      lua_pushnumber(L, static_cast<lua_Number>(matcher.end()));
      return 2 + matcher.push_captures(at, false);
    }
    if (matcher.is_anchored()) break;
  }
  return 0;
}

int find(lua_State* L) {
  const int count = find_or_match(L, true);
  return count ? count : (lua_pushnil(L), 1);
}
int match(lua_State* L) {
  const int count = find_or_match(L, false);
  return count ? count : (lua_pushnil(L), 1);
}

// Upvalues: subject, pattern, where to go on.
int next_match(lua_State* L) {
  std::size_t subject_size = 0, pattern_size = 0;
  const char* subject = lua_tolstring(L, lua_upvalueindex(1), &subject_size);
  const char* pattern = lua_tolstring(L, lua_upvalueindex(2), &pattern_size);
  const auto start = static_cast<std::size_t>(lua_tonumber(L, lua_upvalueindex(3)));
  Matcher matcher(L, {subject, subject_size}, {pattern, pattern_size});
  for (std::size_t at = start; at <= subject_size; ++at) {
    if (!matcher.match_at(at)) continue;
    const std::size_t next = matcher.end() == at ? at + 1 : matcher.end();
    lua_pushnumber(L, static_cast<lua_Number>(next));
    lua_replace(L, lua_upvalueindex(3));
    return matcher.push_captures(at, true);
  }
  return 0;
}

int gmatch(lua_State* L) {
  check_text(L, 1);
  check_text(L, 2);
  lua_settop(L, 2);
  lua_pushnumber(L, 0);
  lua_pushcclosure(L, next_match, 3);
  return 1;
}

/// Adds the replacement text of one match, with %0 to %9 filled in.
void add_template(lua_State* L, luaL_Buffer* out, const Matcher& matcher, std::string_view subject,
                  std::size_t start) {
  const std::string_view with = text_at(L, 3);
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (with[i] != '%') {
      luaL_addchar(out, with[i]);
      continue;
    }
    const char which = ++i < with.size() ? with[i] : '\0';
    if (!std::isdigit(static_cast<unsigned char>(which))) {
      luaL_addchar(out, which);
    } else if (which == '0') {
      luaL_addlstring(out, subject.data() + start, matcher.end() - start);
    } else {
      matcher.push_capture(which - '1', start);
      lua_tostring(L, -1);
      luaL_addvalue(out);
    }
  }
}

void add_replacement(lua_State* L, luaL_Buffer* out, const Matcher& matcher,
                     std::string_view subject, std::size_t start) {
  const int type = lua_type(L, 3);
  if (type == LUA_TSTRING) return add_template(L, out, matcher, subject, start);
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, matcher.push_captures(start, true), 1);
  } else {
    matcher.push_capture(0, start);
    lua_gettable(L, 3);
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    luaL_addlstring(out, subject.data() + start, matcher.end() - start);
  } else if (lua_isstring(L, -1)) {
    luaL_addvalue(out);
  } else {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
}

int gsub(lua_State* L) {
  const std::string_view subject = check_text(L, 1), pattern = check_text(L, 2);
  if (lua_type(L, 3) == LUA_TNUMBER) lua_tostring(L, 3);
  const int type = lua_type(L, 3);
  luaL_argcheck(L, type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                "string/function/table expected");
  const lua_Number most = luaL_optnumber(L, 4, static_cast<lua_Number>(subject.size()) + 1);
  Matcher matcher(L, subject, pattern);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  int count = 0;
  std::size_t at = 0;
  while (count < most) {
    const bool matched = matcher.match_at(at);
    if (matched) {
      ++count;
      add_replacement(L, &out, matcher, subject, at);
    }
    if (matched && matcher.end() > at)
      at = matcher.end();
    else if (at < subject.size())
      luaL_addchar(&out, subject[at++]);
    else
      break;
    if (matcher.is_anchored()) break;
  }
  if (at < subject.size()) luaL_addlstring(&out, subject.data() + at, subject.size() - at);
  luaL_pushresult(&out);
  lua_pushinteger(L, count);
  return 2;
}

}  // namespace

void add_patterns(lua_State* L) {
  set_function(L, "find", find);
  set_function(L, "match", match);
  set_function(L, "gmatch", gmatch);
  set_function(L, "gfind", gmatch);
  set_function(L, "gsub", gsub);
}

}  // namespace weft::script
