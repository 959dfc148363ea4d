// mix.php_pack and mix.php_unpack: PHP's pack() and unpack(), letter by letter, so that binary
// protocols written for PHP workers can be spoken at the edge.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "script/bindings/bindings.hpp"
#include "script/bindings/integer.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr std::size_t kMaxSize = 16 << 20;  // bytes of one result
constexpr std::size_t kAll = static_cast<std::size_t>(-1);

/// A letter with what follows it: a count, '*' or nothing.
struct Item {
  char letter = 0;
  std::size_t count = 1;
  bool has_count = false;  ///< a number or '*'
};

/// Cuts the next item off `format`; letter 0 at its end.
Item next_item(std::string_view& format) {
  Item item;
  if (format.empty()) return item;
  item.letter = format.front();
  format.remove_prefix(1);
  if (format.starts_with('*')) {
    item.count = kAll;
    item.has_count = true;
    format.remove_prefix(1);
  } else if (!format.empty() && format.front() >= '0' && format.front() <= '9') {
    item.count = 0;
    item.has_count = true;
    while (!format.empty() && format.front() >= '0' && format.front() <= '9') {
      item.count = std::min<std::size_t>(
          item.count * 10 + static_cast<std::size_t>(format.front() - '0'), kMaxSize + 1);
      format.remove_prefix(1);
    }
  }
  return item;
}

/// How a letter stores integers: bytes 0 = it does not.
struct Layout {
  std::size_t bytes = 0;
  bool big_endian = false, is_signed = false;
};
Layout layout_of(char letter) {
  constexpr bool kHostIsBig = std::endian::native == std::endian::big;
  switch (letter) {
    case 'c':
      return {1, false, true};
    case 'C':
      return {1, false, false};
    case 's':
      return {2, kHostIsBig, true};
    case 'S':
      return {2, kHostIsBig, false};
    case 'n':
      return {2, true, false};
    case 'v':
      return {2, false, false};
    case 'i':
    case 'l':
      return {4, kHostIsBig, true};
    case 'I':
    case 'L':
      return {4, kHostIsBig, false};
    case 'N':
      return {4, true, false};
    case 'V':
      return {4, false, false};
    case 'q':
      return {8, kHostIsBig, true};
    case 'Q':
      return {8, kHostIsBig, false};
    case 'J':
      return {8, true, false};
    case 'P':
      return {8, false, false};
    default:
      return {};
  }
}

/// The same for floating point: f d in the machine's order, g e little, G E big.
Layout float_layout_of(char letter) {
  constexpr bool kHostIsBig = std::endian::native == std::endian::big;
  switch (letter) {
    case 'f':
      return {4, kHostIsBig, true};
    case 'g':
      return {4, false, true};
    case 'G':
      return {4, true, true};
    case 'd':
      return {8, kHostIsBig, true};
    case 'e':
      return {8, false, true};
    case 'E':
      return {8, true, true};
    default:
      return {};
  }
}

bool takes_text(char letter) { return std::strchr("aAZhH", letter) != nullptr; }
bool moves_only(char letter) { return std::strchr("xX@", letter) != nullptr; }

void append_bits(std::string& out, std::uint64_t bits, const Layout& layout) {
  for (std::size_t i = 0; i < layout.bytes; ++i) {
    const std::size_t shift = 8 * (layout.big_endian ? layout.bytes - 1 - i : i);
    out += static_cast<char>(static_cast<unsigned char>(bits >> shift));
  }
}

std::uint64_t load_bits(std::string_view in, const Layout& layout) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < layout.bytes; ++i) {
    const std::size_t at = layout.big_endian ? i : layout.bytes - 1 - i;
    bits = bits << 8 | static_cast<unsigned char>(in[at]);
  }
  return bits;
}

// --- pack ---

/// The low 64 bits of an integer argument; raises an error for what is no number.
std::uint64_t check_bits(lua_State* L, int index) {
  if (const std::optional<Wide> boxed = boxed_integer(L, index))
    return static_cast<std::uint64_t>(*boxed);
  if (lua_type(L, index) == LUA_TSTRING) {
    const std::string_view text = text_at(L, index);
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc{} && stop == end) return static_cast<std::uint64_t>(value);
  }
  const lua_Number number = std::trunc(check_number(L, index));
  if (!(std::abs(number) < 18446744073709551616.0))
    raise_argument(L, index, "number does not fit 64 bits");
  return number < 0 ? ~static_cast<std::uint64_t>(-number) + 1 : static_cast<std::uint64_t>(number);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

const char* pack_text(std::string& out, const Item& item, std::string_view text) {
  if (item.letter == 'h' || item.letter == 'H') {
    const std::size_t digits = std::min(item.has_count ? item.count : std::size_t{1}, text.size());
    if (item.has_count && item.count != kAll && item.count > text.size())
      return "not enough hexadecimal digits";
    for (std::size_t i = 0; i < digits; i += 2) {
      const int first = hex_digit(text[i]), second = i + 1 < digits ? hex_digit(text[i + 1]) : 0;
      if (first < 0 || second < 0) return "illegal hexadecimal digit";
      out += static_cast<char>(item.letter == 'H' ? first << 4 | second : second << 4 | first);
    }
    return nullptr;
  }
  std::size_t size = item.count;
  if (size == kAll) size = text.size() + (item.letter == 'Z' ? 1 : 0);
  if (size > kMaxSize) return "the result would be larger than 16 MiB";
  std::size_t copied = std::min(size, text.size());
  if (item.letter == 'Z' && copied == size && size > 0) --copied;
  out.append(text.substr(0, copied));
  out.append(size - copied, item.letter == 'A' ? ' ' : '\0');
  return nullptr;
}

const char* move(std::string& out, const Item& item) {
  const std::size_t count = item.count == kAll ? 0 : item.count;
  if (item.letter == 'X') {
    if (count > out.size()) return "X goes outside of the string";
    out.resize(out.size() - count);
  } else if (item.letter == 'x') {
    if (count > kMaxSize) return "the result would be larger than 16 MiB";
    out.append(count, '\0');
  } else {
    if (count > kMaxSize) return "the result would be larger than 16 MiB";
    out.resize(count, '\0');
  }
  return nullptr;
}

/// mix.php_pack(format, ...) -> string, err
int php_pack(lua_State* L) {
  std::string_view format = check_text(L, 1);
  const int last = lua_gettop(L);
  std::string& out = engine_of(L).scratch;
  out.clear();
  int argument = 2;
  for (Item item = next_item(format); item.letter; item = next_item(format)) {
    if (moves_only(item.letter)) {
      if (const char* problem = move(out, item)) return fail(L, problem);
      continue;
    }
    if (takes_text(item.letter)) {
      if (argument > last) return fail(L, "not enough arguments");
      if (const char* problem = pack_text(out, item, check_text(L, argument++)))
        return fail(L, problem);
      continue;
    }
    const Layout integer = layout_of(item.letter), real = float_layout_of(item.letter);
    if (!integer.bytes && !real.bytes) return fail(L, "unknown letter in the format");
    for (std::size_t i = 0; item.count == kAll ? argument <= last : i < item.count; ++i) {
      if (argument > last) return fail(L, "not enough arguments");
      if (integer.bytes)
        append_bits(out, check_bits(L, argument), integer);
      else if (real.bytes == 4)
        append_bits(
            out, std::bit_cast<std::uint32_t>(static_cast<float>(check_number(L, argument))), real);
      else
        append_bits(out, std::bit_cast<std::uint64_t>(check_number(L, argument)), real);
      ++argument;
    }
    if (out.size() > kMaxSize) return fail(L, "the result would be larger than 16 MiB");
  }
  if (argument <= last) return fail(L, "more arguments than the format takes");
  return push(L, out);
}

// --- unpack ---

void push_bits(lua_State* L, std::uint64_t bits, const Layout& layout) {
  if (!layout.is_signed) return push_integer(L, Wide{bits});
  const unsigned unused = static_cast<unsigned>(64 - 8 * layout.bytes);
  push_integer(L, static_cast<std::int64_t>(bits << unused) >> unused);
}

/// Sets the value on top of the stack as field `name`, `nameN` or N of the table below it.
void set_result(lua_State* L, std::string_view name, bool is_numbered, std::size_t index) {
  if (name.empty()) {
    lua_rawseti(L, -2, static_cast<int>(index));
    return;
  }
  push(L, name);
  if (is_numbered) {
    lua_pushinteger(L, static_cast<lua_Integer>(index));
    lua_concat(L, 2);
  }
  lua_insert(L, -2);
  lua_rawset(L, -3);
}

std::string_view without(std::string_view text, std::string_view padding) {
  return text.substr(0, text.find_last_not_of(padding) + 1);
}

void push_text(lua_State* L, const Item& item, std::string_view data) {
  if (item.letter == 'A')
    data = without(data, std::string_view(" \t\r\n\0", 5));
  else if (item.letter == 'Z')
    data = data.substr(0, data.find('\0'));
  push(L, data);
}

void push_hex(lua_State* L, char letter, std::string_view data, std::size_t digits) {
  std::string& out = engine_of(L).scratch;
  out.clear();
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    const char high = "0123456789abcdef"[byte >> 4], low = "0123456789abcdef"[byte & 15];
    out += letter == 'H' ? high : low;
    out += letter == 'H' ? low : high;
  }
  push(L, std::string_view(out).substr(0, digits));
}

/// Bytes that a text item takes of `rest`; nullopt when they are not there.
std::optional<std::size_t> text_size(const Item& item, std::size_t rest) {
  if (item.count == kAll) return rest;
  const std::size_t size =
      item.letter == 'h' || item.letter == 'H' ? (item.count + 1) / 2 : item.count;
  return size <= rest ? std::optional(size) : std::nullopt;
}

struct Reader {
  std::string_view data;
  std::size_t at = 0;
  std::string_view rest() const { return data.substr(at); }
};

const char* unpack_item(lua_State* L, Reader& in, const Item& item, std::string_view name) {
  if (takes_text(item.letter)) {
    const auto size = text_size(item, in.rest().size());
    if (!size) return "not enough data";
    const std::string_view bytes = in.rest().substr(0, *size);
    if (item.letter == 'h' || item.letter == 'H')
      push_hex(L, item.letter, bytes, item.count == kAll ? 2 * *size : item.count);
    else
      push_text(L, item, bytes);
    in.at += *size;
    set_result(L, name, false, 1);
    return nullptr;
  }
  if (moves_only(item.letter)) {
    const std::size_t count = item.count == kAll ? 0 : item.count;
    if (item.letter == 'X' ? count > in.at
                           : count > (item.letter == 'x' ? in.rest().size() : in.data.size())) {
      return "the format goes outside of the data";
    }
    in.at = item.letter == '@' ? count : item.letter == 'x' ? in.at + count : in.at - count;
    return nullptr;
  }
  const Layout integer = layout_of(item.letter), real = float_layout_of(item.letter);
  const std::size_t bytes = std::max(integer.bytes, real.bytes);
  if (!bytes) return "unknown letter in the format";
  for (std::size_t i = 1; item.count == kAll ? in.rest().size() >= bytes : i <= item.count; ++i) {
    if (in.rest().size() < bytes) return "not enough data";
    Machine::of(L).step(L);
    const std::uint64_t bits = load_bits(in.rest(), integer.bytes ? integer : real);
    if (integer.bytes)
      push_bits(L, bits, integer);
    else if (bytes == 4)
      lua_pushnumber(L, std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    else
      lua_pushnumber(L, std::bit_cast<double>(bits));
    in.at += bytes;
    set_result(L, name, item.count != 1, i);
  }
  return nullptr;
}

/// mix.php_unpack(format, data) -> table, err. Items are separated by '/', each may carry a name:
/// "nsize/a*text".
int php_unpack(lua_State* L) {
  std::string_view format = check_text(L, 1);
  Reader in{check_text(L, 2)};
  lua_newtable(L);
  while (!format.empty()) {
    std::string_view part = format.substr(0, format.find('/'));
    format.remove_prefix(std::min(part.size() + 1, format.size()));
    const Item item = next_item(part);
    if (!item.letter) continue;
    if (const char* problem = unpack_item(L, in, item, part)) return fail(L, problem);
  }
  return 1;
}

}  // namespace

void add_php_pack(lua_State* L) {
  set_function(L, "php_pack", php_pack);
  set_function(L, "php_unpack", php_unpack);
}

}  // namespace weft::script
