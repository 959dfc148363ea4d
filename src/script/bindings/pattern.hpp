// Lua's string patterns, matched under the watchdog. Lua's own matcher can run for hours on a bad
// pattern without ever looking at a hook; this one counts its steps and lets the machine stop it.
#pragma once
#include <cstddef>
#include <string_view>

struct lua_State;

namespace weft::script {

class Machine;

/// One pattern against one subject. Raises Lua errors for malformed patterns and when the event's
/// time is over; therefore it owns nothing.
class Matcher {
 public:
  static constexpr int kMaxCaptures = 32;

  Matcher(lua_State* L, std::string_view subject, std::string_view pattern);

  /// Tries to match at `start` exactly; captures are those of this try.
  bool match_at(std::size_t start);
  std::size_t end() const { return end_; }  ///< of the last match
  bool is_anchored() const { return anchored_; }

  int captures() const { return count_; }
  /// Pushes capture `index` from 0; with no captures at all, index 0 is the whole match.
  void push_capture(int index, std::size_t start) const;
  /// Pushes all captures; the whole match when there are none and `or_whole`. Gives their count.
  int push_captures(std::size_t start, bool or_whole) const;

 private:
  static constexpr std::size_t kNoMatch = static_cast<std::size_t>(-1);
  static constexpr std::ptrdiff_t kOpen = -1, kPosition = -2;
  struct Capture {
    std::size_t start;
    std::ptrdiff_t size;  // or kOpen, kPosition
  };

  std::size_t match(std::size_t s, std::size_t p);
  std::size_t match_counted(std::size_t s, std::size_t p, std::size_t after);
  std::size_t match_lazily(std::size_t s, std::size_t p, std::size_t after);
  std::size_t match_greedily(std::size_t s, std::size_t p, std::size_t after, std::size_t least);
  std::size_t match_balanced(std::size_t s, std::size_t p) const;
  std::size_t match_back_reference(std::size_t s, std::size_t p) const;
  bool at_frontier(std::size_t s, std::size_t set, std::size_t set_end) const;
  std::size_t open_capture(std::size_t s, std::size_t p, std::ptrdiff_t size);
  std::size_t close_capture(std::size_t s, std::size_t p);

  bool single(std::size_t s, std::size_t p, std::size_t after) const;
  bool in_set(unsigned char c, std::size_t set, std::size_t set_end) const;
  std::size_t item_end(std::size_t p) const;
  char at(std::size_t p) const { return p < pattern_.size() ? pattern_[p] : '\0'; }
  bool pattern_ends(std::size_t p) const { return p >= pattern_.size(); }

  lua_State* state_;
  Machine& machine_;
  std::string_view subject_, pattern_;
  bool anchored_ = false;
  int depth_ = 0, count_ = 0;
  std::size_t end_ = 0;
  Capture captures_[kMaxCaptures];
};

/// Where `wanted` begins in `text` from `from` on, in linear time; npos when nowhere.
std::size_t find_plain(std::string_view text, std::string_view wanted, std::size_t from);

/// Replaces find, match, gmatch and gsub in the table on top of the stack.
void add_patterns(lua_State* L);

}  // namespace weft::script
