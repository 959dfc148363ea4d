#include "script/bindings/pattern.hpp"

#include <cctype>
#include <cstring>

#include "script/machine.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr int kMaxDepth = 200;  // of the C++ stack, per capture and quantifier that cannot loop

bool in_class(unsigned char c, char letter) {
  const int kind = std::tolower(static_cast<unsigned char>(letter));
  bool inside = false;
  switch (kind) {
    case 'a':
      inside = std::isalpha(c);
      break;
    case 'c':
      inside = std::iscntrl(c);
      break;
    case 'd':
      inside = std::isdigit(c);
      break;
    case 'g':
      inside = std::isgraph(c);
      break;
    case 'l':
      inside = std::islower(c);
      break;
    case 'p':
      inside = std::ispunct(c);
      break;
    case 's':
      inside = std::isspace(c);
      break;
    case 'u':
      inside = std::isupper(c);
      break;
    case 'w':
      inside = std::isalnum(c);
      break;
    case 'x':
      inside = std::isxdigit(c);
      break;
    case 'z':
      inside = c == 0;
      break;
    default:
      return static_cast<unsigned char>(letter) == c;  // %. and the like
  }
  return std::isupper(static_cast<unsigned char>(letter)) ? !inside : inside;
}

}  // namespace

Matcher::Matcher(lua_State* L, std::string_view subject, std::string_view pattern)
    : state_(L), machine_(Machine::of(L)), subject_(subject), pattern_(pattern) {
  anchored_ = pattern_.starts_with('^');
  if (anchored_) pattern_.remove_prefix(1);
}

bool Matcher::match_at(std::size_t start) {
  depth_ = count_ = 0;
  end_ = match(start, 0);
  return end_ != kNoMatch;
}

// --- items of a pattern ---

/// Behind the single-character item at `p`: a letter, `.`, %x or [set].
std::size_t Matcher::item_end(std::size_t p) const {
  const char first = at(p++);
  if (first == '%') {
    if (pattern_ends(p)) luaL_error(state_, "malformed pattern (ends with '%%')");
    return p + 1;
  }
  if (first != '[') return p;
  if (at(p) == '^') ++p;
  do {  // a ']' that comes first is a member
    if (pattern_ends(p)) luaL_error(state_, "malformed pattern (missing ']')");
    if (at(p++) == '%') ++p;
  } while (pattern_ends(p) || at(p) != ']');
  return p + 1;
}

/// `set` at '[', `set_end` behind ']'.
bool Matcher::in_set(unsigned char c, std::size_t set, std::size_t set_end) const {
  const std::size_t last = set_end - 1;
  bool wanted = true;
  std::size_t p = set + 1;
  if (at(p) == '^') {
    wanted = false;
    ++p;
  }
  for (; p < last; ++p) {
    if (at(p) == '%') {
      if (in_class(c, at(++p))) return wanted;
    } else if (at(p + 1) == '-' && p + 2 < last) {
      if (static_cast<unsigned char>(at(p)) <= c && c <= static_cast<unsigned char>(at(p + 2)))
        return wanted;
      p += 2;
    } else if (static_cast<unsigned char>(at(p)) == c) {
      return wanted;
    }
  }
  return !wanted;
}

bool Matcher::single(std::size_t s, std::size_t p, std::size_t after) const {
  if (s >= subject_.size()) return false;
  const auto c = static_cast<unsigned char>(subject_[s]);
  switch (at(p)) {
    case '.':
      return true;
    case '%':
      return in_class(c, at(p + 1));
    case '[':
      return in_set(c, p, after);
    default:
      return static_cast<unsigned char>(at(p)) == c;
  }
}

// --- the walk ---

std::size_t Matcher::match(std::size_t s, std::size_t p) {
  if (++depth_ > kMaxDepth) luaL_error(state_, "pattern too complex");
  while (!pattern_ends(p)) {
    machine_.step(state_);
    const char first = at(p);
    std::size_t done = kNoMatch;
    if (first == '(') {
      done = at(p + 1) == ')' ? open_capture(s, p + 2, kPosition) : open_capture(s, p + 1, kOpen);
    } else if (first == ')') {
      done = close_capture(s, p + 1);
    } else if (first == '$' && pattern_ends(p + 1)) {
      done = s == subject_.size() ? s : kNoMatch;
    } else if (first == '%' && at(p + 1) == 'b') {
      s = match_balanced(s, p + 2);
      p += 4;
      if (s != kNoMatch) continue;
    } else if (first == '%' && at(p + 1) == 'f') {
      const std::size_t set = p + 2;
      if (at(set) != '[') luaL_error(state_, "missing '[' after '%%f' in pattern");
      p = item_end(set);
      if (at_frontier(s, set, p)) continue;
    } else if (first == '%' && std::isdigit(static_cast<unsigned char>(at(p + 1)))) {
      s = match_back_reference(s, p + 1);
      p += 2;
      if (s != kNoMatch) continue;
    } else {
      const std::size_t after = item_end(p);
      const char suffix = at(after);
      if (pattern_ends(after) || !std::strchr("*+-?", suffix)) {
        if (single(s, p, after)) {
          ++s;
          p = after;
          continue;
        }
      } else {
        done = match_counted(s, p, after);
      }
    }
    --depth_;
    return done;
  }
  --depth_;
  return s;
}

/// The item from `p` to `after`, with a quantifier at `after`.
std::size_t Matcher::match_counted(std::size_t s, std::size_t p, std::size_t after) {
  switch (at(after)) {
    case '*':
      return match_greedily(s, p, after, 0);
    case '+':
      return match_greedily(s, p, after, 1);
    case '-':
      return match_lazily(s, p, after);
    default:
      break;
  }
  if (single(s, p, after)) {
    const std::size_t done = match(s + 1, after + 1);
    if (done != kNoMatch) return done;
  }
  return match(s, after + 1);
}

std::size_t Matcher::match_greedily(std::size_t s, std::size_t p, std::size_t after,
                                    std::size_t least) {
  std::size_t count = 0;
  while (single(s + count, p, after)) {
    ++count;
    machine_.step(state_);
  }
  for (; count + 1 > least; --count) {
    const std::size_t done = match(s + count, after + 1);
    if (done != kNoMatch) return done;
    if (count == 0) break;
  }
  return kNoMatch;
}

std::size_t Matcher::match_lazily(std::size_t s, std::size_t p, std::size_t after) {
  for (;; ++s) {
    const std::size_t done = match(s, after + 1);
    if (done != kNoMatch) return done;
    if (!single(s, p, after)) return kNoMatch;
    machine_.step(state_);
  }
}

std::size_t Matcher::match_balanced(std::size_t s, std::size_t p) const {
  if (p + 1 >= pattern_.size()) luaL_error(state_, "unbalanced pattern");
  const char open = at(p), close = at(p + 1);
  if (s >= subject_.size() || subject_[s] != open) return kNoMatch;
  std::size_t level = 1;
  while (++s < subject_.size()) {
    if (subject_[s] == close) {
      if (--level == 0) return s + 1;
    } else if (subject_[s] == open) {
      ++level;
    }
  }
  return kNoMatch;
}

bool Matcher::at_frontier(std::size_t s, std::size_t set, std::size_t set_end) const {
  const auto before = static_cast<unsigned char>(s == 0 ? '\0' : subject_[s - 1]);
  const auto here = static_cast<unsigned char>(s < subject_.size() ? subject_[s] : '\0');
  return !in_set(before, set, set_end) && in_set(here, set, set_end);
}

std::size_t Matcher::match_back_reference(std::size_t s, std::size_t p) const {
  const int index = at(p) - '1';
  if (index < 0 || index >= count_ || captures_[index].size == kOpen)
    luaL_error(state_, "invalid capture index");
  if (captures_[index].size == kPosition) return s;
  const std::string_view before =
      subject_.substr(captures_[index].start, static_cast<std::size_t>(captures_[index].size));
  return subject_.substr(s).starts_with(before) ? s + before.size() : kNoMatch;
}

std::size_t Matcher::open_capture(std::size_t s, std::size_t p, std::ptrdiff_t size) {
  if (count_ >= kMaxCaptures) luaL_error(state_, "too many captures");
  captures_[count_++] = {s, size};
  const std::size_t done = match(s, p);
  if (done == kNoMatch) --count_;
  return done;
}

std::size_t Matcher::close_capture(std::size_t s, std::size_t p) {
  int index = count_ - 1;
  while (index >= 0 && captures_[index].size != kOpen) --index;
  if (index < 0) luaL_error(state_, "invalid pattern capture");
  captures_[index].size = static_cast<std::ptrdiff_t>(s - captures_[index].start);
  const std::size_t done = match(s, p);
  if (done == kNoMatch) captures_[index].size = kOpen;
  return done;
}

// --- captures ---

void Matcher::push_capture(int index, std::size_t start) const {
  if (count_ == 0 && index == 0) {
    push(state_, subject_.substr(start, end_ - start));
    return;
  }
  if (index >= count_) luaL_error(state_, "invalid capture index");
  const Capture& capture = captures_[index];
  if (capture.size == kPosition)
    lua_pushnumber(state_, static_cast<lua_Number>(capture.start + 1));
  else if (capture.size == kOpen)
    luaL_error(state_, "unfinished capture");
  else
    push(state_, subject_.substr(capture.start, static_cast<std::size_t>(capture.size)));
}

int Matcher::push_captures(std::size_t start, bool or_whole) const {
  const int total = count_ == 0 && or_whole ? 1 : count_;
  luaL_checkstack(state_, total, "too many captures");
  for (int i = 0; i < total; ++i) push_capture(i, start);
  return total;
}

std::size_t find_plain(std::string_view text, std::string_view wanted, std::size_t from) {
  if (from > text.size()) return text.npos;
  if (wanted.empty()) return from;
  const void* found =
      ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data())
               : text.npos;
}

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
