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

}  // namespace weft::script
