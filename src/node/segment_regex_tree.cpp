#include "node/segment_regex_tree.hpp"

#include <fmt/format.h>

#include <cctype>
#include <optional>
#include <stdexcept>

namespace weft::segment_regex {
namespace {

constexpr unsigned kMaxRepeat = 255, kMaxDepth = 16;

ByteSet only(char c) { return ByteSet().set(static_cast<unsigned char>(c)); }

/// \d, \w, \s and their opposites.
std::optional<ByteSet> class_of(char letter) {
  ByteSet set;
  for (unsigned c = 0; c < 128; ++c) {
    const bool is_in = std::tolower(letter) == 'd'   ? std::isdigit(static_cast<int>(c)) != 0
                       : std::tolower(letter) == 'w' ? std::isalnum(static_cast<int>(c)) || c == '_'
                                                     : std::isspace(static_cast<int>(c)) != 0;
    set.set(c, is_in);
  }
  switch (letter) {
    case 'd':
    case 'w':
    case 's':
      return set;
    case 'D':
    case 'W':
    case 'S':
      return ~set;
    default:
      return std::nullopt;
  }
}

class Parser {
 public:
  explicit Parser(std::string_view expression) : text_(expression) {
    if (text_.starts_with('^')) at_ = 1;
    if (text_.ends_with('$') && !text_.ends_with("\\$")) text_.remove_suffix(1);
  }

  Node parse() {
    Node all = either();
    if (at_ < text_.size()) fail("a ) that closes nothing");
    return all;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw std::invalid_argument(fmt::format("{} (at character {} of {})", why, at_ + 1, text_));
  }
  bool has(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) { return has(c) && ++at_; }
  char next(std::string_view missing) {
    if (at_ == text_.size()) fail(missing);
    return text_[at_++];
  }

  Node either() {
    if (++depth_ > kMaxDepth) fail("groups nested too deep");
    Node node{Node::Kind::either, {}, {}};
    do node.parts.push_back(sequence());
    while (take('|'));
    --depth_;
    return node;
  }

  Node sequence() {
    Node node{Node::Kind::sequence, {}, {}};
    while (at_ < text_.size() && !has('|') && !has(')')) node.parts.push_back(repeated());
    return node;
  }

  Node repeated() {
    Node node = atom();
    unsigned least = 0, most = kMany;
    if (take('+'))
      least = 1;
    else if (take('?'))
      most = 1;
    else if (take('{'))
      repetition(least, most);
    else if (!take('*'))
      return node;
    take('?');  // fewest first: a whole match is the same
    if (has('*') || has('+') || has('?') || has('{')) fail("a repetition of a repetition");
    Node repeat{Node::Kind::repeat, {}, {}, least, most};
    repeat.parts.push_back(std::move(node));
    return repeat;
  }

  void repetition(unsigned& least, unsigned& most) {
    least = most = number();
    if (take(',')) most = has('}') ? kMany : number();
    if (!take('}') || most < least) fail("expected {n}, {n,} or {n,m}; a brace itself is \\{");
  }

  unsigned number() {
    unsigned value = 0;
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if ((value = value * 10 + static_cast<unsigned>(text_[at_] - '0')) > kMaxRepeat)
        fail("more than 255 repetitions");
    if (at_ == begin) fail("expected {n}, {n,} or {n,m}; a brace itself is \\{");
    return value;
  }

  Node atom() {
    const char c = next("");
    switch (c) {
      case '(':
        return group();
      case '[':
        return {Node::Kind::one, bracketed(), {}};
      case '.':
        return {Node::Kind::one, ByteSet().set(), {}};
      case '\\':
        return {Node::Kind::one, escaped(), {}};
      case '*':
      case '+':
      case '?':
      case '{':
        fail("a repetition of nothing");
      case '^':
      case '$':
        fail("^ and $ only at the ends: the whole segment has to match anyway");
      default:
        return {Node::Kind::one, only(c), {}};
    }
  }

  Node group() {
    if (take('?') && !take(':')) fail("of the groups that begin with (? only (?: is known");
    Node inside = either();
    if (!take(')')) fail("a ( that is not closed");
    return inside;
  }

  ByteSet escaped() {
    const char c = next("a \\ at the end");
    if (const auto set = class_of(c)) return *set;
    if (std::isalnum(static_cast<unsigned char>(c)))
      fail("of the escapes only \\d \\w \\s \\D \\W \\S and punctuation are known");
    return only(c);
  }

  ByteSet bracketed() {
    const bool is_negated = take('^');
    ByteSet set;
    do {
      const ByteSet item = bracket_item();
      const bool is_range = has('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!is_range) {
        set |= item;
        continue;
      }
      ++at_;
      const ByteSet end = bracket_item();
      if (item.count() != 1 || end.count() != 1) fail("a range from or to a class");
      const std::size_t from = item._Find_first(), to = end._Find_first();
      if (to < from) fail("a range from high to low");
      for (std::size_t byte = from; byte <= to; ++byte) set.set(byte);
    } while (!take(']'));
    return is_negated ? ~set : set;
  }

  ByteSet bracket_item() {
    const char c = next("a [ that is not closed");
    if (c == '\\') return escaped();
    if (c == ']') fail("an empty [], or a ] that has to be written \\]");
    if (c == '[') fail("classes inside of [] are not known; a bracket itself is \\[");
    if (static_cast<unsigned char>(c) >= 128) fail("in [] only ASCII: write (ä|ö) for others");
    return only(c);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
};

}  // namespace

Node parse(std::string_view expression) { return Parser(expression).parse(); }

}  // namespace weft::segment_regex
