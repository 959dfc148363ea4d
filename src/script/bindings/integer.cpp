#include "script/bindings/integer.hpp"

#include <charconv>
#include <cmath>

#include "script/stack.hpp"

namespace weft::script {
namespace {

constexpr const char* kType = "weft.integer";
constexpr const char* kBoxes = "weft.integers";  // registry: digits -> box, weak
constexpr Wide kExact = Wide{1} << 53;
constexpr Wide kLowest = -(Wide{1} << 63), kHighest = (Wide{1} << 64) - 1;

struct Box {
  std::uint64_t magnitude;
  bool is_negative;
};

Wide value_of(const Box& box) {
  return box.is_negative ? -Wide{box.magnitude} : Wide{box.magnitude};
}

/// An operand of arithmetic: a box, an integral number, or digits.
std::optional<Wide> operand(lua_State* L, int index) {
  if (const std::optional<Wide> boxed = boxed_integer(L, index)) return boxed;
  if (!lua_isnumber(L, index)) return std::nullopt;
  const lua_Number number = lua_tonumber(L, index);
  if (std::floor(number) != number || std::abs(number) > 9007199254740992.0) return std::nullopt;
  return static_cast<Wide>(number);
}

lua_Number as_double(lua_State* L, int index) {
  const std::optional<Wide> boxed = boxed_integer(L, index);
  return boxed ? static_cast<lua_Number>(*boxed) : check_number(L, index);
}

int push_wide(lua_State* L, Wide value) {
  if (value < kLowest || value > kHighest)
    lua_pushnumber(L, static_cast<lua_Number>(value));
  else
    push_integer(L, value);
  return 1;
}

enum class Operation { add, subtract, multiply, modulo };

/// Exact while both sides are integers and the result fits 64 bits, else as doubles.
template <Operation operation>
int calculate(lua_State* L) {
  const std::optional<Wide> a = operand(L, 1), b = operand(L, 2);
  if (!a || !b || (operation == Operation::modulo && *b == 0)) {
    const lua_Number x = as_double(L, 1), y = as_double(L, 2);
    switch (operation) {
      case Operation::add:
        lua_pushnumber(L, x + y);
        break;
      case Operation::subtract:
        lua_pushnumber(L, x - y);
        break;
      case Operation::multiply:
        lua_pushnumber(L, x * y);
        break;
      case Operation::modulo:
        lua_pushnumber(L, x - std::floor(x / y) * y);
        break;
    }
    return 1;
  }
  switch (operation) {
    case Operation::add:
      return push_wide(L, *a + *b);
    case Operation::subtract:
      return push_wide(L, *a - *b);
    case Operation::multiply: {
      Wide product = 0;
      if (__builtin_mul_overflow(*a, *b, &product))
        lua_pushnumber(L, as_double(L, 1) * as_double(L, 2));
      else
        push_wide(L, product);
      return 1;
    }
    case Operation::modulo: {
      const Wide rest = *a % *b;  // Lua's % has the sign of the divisor
      return push_wide(L, rest != 0 && (rest < 0) != (*b < 0) ? rest + *b : rest);
    }
  }
  return 0;
}

int divide(lua_State* L) {
  lua_pushnumber(L, as_double(L, 1) / as_double(L, 2));
  return 1;
}

int negate(lua_State* L) {
  const std::optional<Wide> value = boxed_integer(L, 1);
  return value ? push_wide(L, -*value) : 0;
}

int compare(lua_State* L, bool (*holds)(Wide, Wide)) {
  const std::optional<Wide> a = operand(L, 1), b = operand(L, 2);
  if (!a || !b) return luaL_error(L, "attempt to compare a 64-bit integer with something else");
  lua_pushboolean(L, holds(*a, *b));
  return 1;
}
int equal(lua_State* L) {
  return compare(L, [](Wide a, Wide b) { return a == b; });
}
int less(lua_State* L) {
  return compare(L, [](Wide a, Wide b) { return a < b; });
}
int less_or_equal(lua_State* L) {
  return compare(L, [](Wide a, Wide b) { return a <= b; });
}

int to_text(lua_State* L) {
  const std::optional<Wide> value = boxed_integer(L, 1);
  if (!value) raise_argument(L, 1, "64-bit integer expected");
  char digits[24];
  lua_pushlstring(L, digits, static_cast<std::size_t>(write_digits(*value, digits)));
  return 1;
}

int concatenate(lua_State* L) {
  for (int i = 1; i <= 2; ++i) {
    push_ours(L, "weft.tostring");
    lua_pushvalue(L, i);
    if (lua_isstring(L, -1)) {
      lua_remove(L, -2);
      continue;
    }
    if (!boxed_integer(L, -1))
      return luaL_error(L, "attempt to concatenate a %s value", luaL_typename(L, -1));
    lua_call(L, 1, 1);
  }
  lua_concat(L, 2);
  return 1;
}

}  // namespace

int write_digits(Wide value, char* out) {
  char* at = out;
  if (value < 0) *at++ = '-';
  const auto magnitude = static_cast<std::uint64_t>(value < 0 ? -value : value);
  return static_cast<int>(std::to_chars(at, out + 24, magnitude).ptr - out);
}

std::optional<Wide> boxed_integer(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA) return std::nullopt;
  const auto* box = static_cast<const Box*>(luaL_testudata(L, index, kType));
  return box ? std::optional(value_of(*box)) : std::nullopt;
}

void push_integer(lua_State* L, Wide value) {
  if (value >= -kExact && value <= kExact) return lua_pushnumber(L, static_cast<lua_Number>(value));
  char digits[24];
  const auto size = static_cast<std::size_t>(write_digits(value, digits));
  push_ours(L, kBoxes);
  lua_pushlstring(L, digits, size);
  lua_pushvalue(L, -1);
  lua_rawget(L, -3);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    auto* box = static_cast<Box*>(lua_newuserdata(L, sizeof(Box)));
    *box = {static_cast<std::uint64_t>(value < 0 ? -value : value), value < 0};
    luaL_getmetatable(L, kType);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -5);
  }
  lua_replace(L, -3);
  lua_pop(L, 1);
}

void make_integer_type(lua_State* L) {
  luaL_newmetatable(L, kType);
  set_function(L, "__tostring", to_text);
  set_function(L, "__concat", concatenate);
  set_function(L, "__eq", equal);
  set_function(L, "__lt", less);
  set_function(L, "__le", less_or_equal);
  set_function(L, "__add", calculate<Operation::add>);
  set_function(L, "__sub", calculate<Operation::subtract>);
  set_function(L, "__mul", calculate<Operation::multiply>);
  set_function(L, "__mod", calculate<Operation::modulo>);
  set_function(L, "__div", divide);
  set_function(L, "__unm", negate);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);

  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, kBoxes);
}

ConnectionId check_connection_id(lua_State* L, int index) {
  std::optional<Wide> value = boxed_integer(L, index);
  if (!value && lua_type(L, index) == LUA_TSTRING) {
    if (const auto id = parse_connection_id(text_at(L, index))) return *id;
  } else if (!value) {
    value = operand(L, index);
  }
  if (!value || *value <= 0 || *value >= Wide{1} << 63)
    raise_argument(L, index, "client id expected: digits or an integer");
  return ConnectionId{static_cast<std::int64_t>(*value)};
}

}  // namespace weft::script
