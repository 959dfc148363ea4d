#include "script/bindings/json.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "script/bindings/bindings.hpp"
#include "script/bindings/integer.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

namespace dom = simdjson::dom;

constexpr const char* kArray = "weft.array";  // metatable that says "this empty table came from []"
constexpr std::size_t kKeptCapacity = 1 << 20;

/// One per thread is one per Vm that runs; its tape is read before anything else may decode.
dom::parser& parser() {
  static thread_local dom::parser its;
  if (its.capacity() > kKeptCapacity) its = dom::parser();
  return its;
}

const char* push_value(lua_State* L, dom::element value, int depth);

const char* push_array(lua_State* L, dom::array values, int depth) {
  lua_createtable(L, static_cast<int>(values.size()), 0);
  int index = 0;
  for (const dom::element value : values) {
    if (const char* problem = push_value(L, value, depth)) return problem;
    lua_rawseti(L, -2, ++index);  // null leaves a hole
  }
  if (index == 0) {
    luaL_getmetatable(L, kArray);
    lua_setmetatable(L, -2);
  }
  return nullptr;
}

const char* push_object(lua_State* L, dom::object members, int depth) {
  lua_createtable(L, 0, static_cast<int>(members.size()));
  for (const dom::key_value_pair member : members) {
    push(L, member.key);
    if (const char* problem = push_value(L, member.value, depth)) return problem;
    lua_rawset(L, -3);
  }
  return nullptr;
}

const char* push_value(lua_State* L, dom::element value, int depth) {
  if (depth > kMaxJsonDepth) return "nested deeper than 512 levels";
  luaL_checkstack(L, 8, "JSON is nested too deeply");
  Machine::of(L).step(L);
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return push_array(L, dom::array(value), depth + 1);
    case dom::element_type::OBJECT:
      return push_object(L, dom::object(value), depth + 1);
    case dom::element_type::INT64:
      push_integer(L, std::int64_t(value));
      break;
    case dom::element_type::UINT64:
      push_integer(L, std::uint64_t(value));
      break;
    case dom::element_type::DOUBLE:
      lua_pushnumber(L, double(value));
      break;
    case dom::element_type::STRING:
      push(L, std::string_view(value));
      break;
    case dom::element_type::BOOL:
      lua_pushboolean(L, bool(value));
      break;
    case dom::element_type::NULL_VALUE:
      lua_pushnil(L);
      break;
  }
  return nullptr;
}

/// Parses `text`; the element lives until the next call.
const char* parse(std::string_view text, dom::element& value) {
  if (text.size() > kMaxJsonSize) return "JSON text is larger than 16 MiB";
  const simdjson::error_code error = parser().parse(text.data(), text.size()).get(value);
  return error ? simdjson::error_message(error) : nullptr;
}

/// ASCII that stands in a JSON string as it is.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = ' '; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();
constexpr bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

void write_escape(char c, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\')
    (out += '\\') += c;
  else if (c == '\n')
    out += "\\n";
  else if (c == '\r')
    out += "\\r";
  else if (c == '\t')
    out += "\\t";
  else
    ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
}

/// Runs of bytes that stand for themselves are copied as a whole; only text beyond ASCII has its
/// UTF-8 judged.
const char* write_text(std::string_view text, std::string& out) {
  bool judged = false;
  out += '"';
  std::size_t written = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (kPlain[static_cast<unsigned char>(text[at])]) continue;
    if (!is_ascii(text[at])) {
      if (!judged && !simdjson::validate_utf8(text.data(), text.size()))
        return "a string is not valid UTF-8; send bytes as base64";
      judged = true;
      continue;
    }
    out.append(text, written, at - written);
    write_escape(text[at], out);
    written = at + 1;
  }
  out.append(text, written);
  out += '"';
  return nullptr;
}

const char* write_number(lua_Number number, std::string& out) {
  if (!std::isfinite(number)) return "nan and infinity have no JSON form";
  char text[32];
  const bool is_integer = std::floor(number) == number && std::abs(number) <= 9007199254740992.0;
  const auto end = is_integer
                       ? std::to_chars(text, text + sizeof(text), static_cast<long long>(number))
                       : std::to_chars(text, text + sizeof(text), number);
  out.append(text, end.ptr);
  return nullptr;
}

/// The count of elements when the keys of the table at `index` are exactly 1..n, else 0; -1 for an
/// empty table.
int array_size(lua_State* L, int index) {
  const auto size = static_cast<int>(lua_objlen(L, index));
  int keys = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    const lua_Number key = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if (key < 1 || key > size || std::floor(key) != key) {
      lua_pop(L, 1);
      return 0;
    }
    ++keys;
  }
  return keys == 0 ? -1 : keys == size ? size : 0;
}

bool is_marked_array(lua_State* L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  luaL_getmetatable(L, kArray);
  const bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same;
}

const char* write_value(lua_State* L, int index, std::string& out, int depth);

const char* write_object(lua_State* L, int index, std::string& out, int depth) {
  out += '{';
  bool is_first = true;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (!std::exchange(is_first, false)) out += ',';
    const int type = lua_type(L, -2);
    if (type == LUA_TSTRING) {
      if (const char* problem = write_text(text_at(L, -2), out)) return problem;
    } else if (type == LUA_TNUMBER) {
      out += '"';
      if (const char* problem = write_number(lua_tonumber(L, -2), out)) return problem;
      out += '"';
    } else if (const auto boxed = boxed_integer(L, -2)) {
      char digits[24];
      ((out += '"').append(digits, static_cast<std::size_t>(write_digits(*boxed, digits)))) += '"';
    } else {
      return "keys of a JSON object must be strings or numbers";
    }
    out += ':';
    if (const char* problem = write_value(L, lua_gettop(L), out, depth)) return problem;
    lua_pop(L, 1);
  }
  out += '}';
  return nullptr;
}

const char* write_table(lua_State* L, int index, std::string& out, int depth) {
  const int size = array_size(L, index);
  if (size < 0) {
    out += is_marked_array(L, index) ? "[]" : "{}";
    return nullptr;
  }
  if (size == 0) return write_object(L, index, out, depth);
  for (int i = 1; i <= size; ++i) {
    out += i == 1 ? '[' : ',';
    lua_rawgeti(L, index, i);
    if (const char* problem = write_value(L, lua_gettop(L), out, depth)) return problem;
    lua_pop(L, 1);
  }
  out += ']';
  return nullptr;
}

const char* write_value(lua_State* L, int index, std::string& out, int depth) {
  if (depth > kMaxJsonDepth)
    return "nested deeper than 512 levels, or a table that contains itself";
  if (out.size() > kMaxJsonSize) return "the JSON text would be larger than 16 MiB";
  luaL_checkstack(L, 8, "nested too deeply");
  Machine::of(L).step(L);
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      out += "null";
      return nullptr;
    case LUA_TBOOLEAN:
      out += lua_toboolean(L, index) ? "true" : "false";
      return nullptr;
    case LUA_TNUMBER:
      return write_number(lua_tonumber(L, index), out);
    case LUA_TSTRING:
      return write_text(text_at(L, index), out);
    case LUA_TTABLE:
      return write_table(L, index, out, depth + 1);
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, index)) break;
      out += "null";
      return nullptr;
    case LUA_TUSERDATA:
      if (const auto boxed = boxed_integer(L, index)) {
        char digits[24];
        out.append(digits, static_cast<std::size_t>(write_digits(*boxed, digits)));
        return nullptr;
      }
      break;
    default:
      break;
  }
  return "functions, coroutines and objects have no JSON form";
}

int json_encode(lua_State* L) {
  luaL_checkany(L, 1);
  std::string& out = engine_of(L).scratch;
  out.clear();
  if (const char* problem = encode_json(L, 1, out)) return fail(L, problem);
  return push(L, out);
}

int json_decode(lua_State* L) {
  if (const char* problem = decode_json(L, check_text(L, 1))) return fail(L, problem);
  return 1;
}

}  // namespace

const char* encode_json(lua_State* L, int index, std::string& out) {
  const char* problem = write_value(L, absolute(L, index), out, 0);
  return problem                     ? problem
         : out.size() > kMaxJsonSize ? "the JSON text would be larger than 16 MiB"
                                     : nullptr;
}

const char* decode_json(lua_State* L, std::string_view text) {
  dom::element value;
  if (const char* problem = parse(text, value)) return problem;
  return push_value(L, value, 0);
}

Problem merge_context(Engine& engine, Connection& connection, std::string_view json_object) {
  dom::element value;
  if (const char* problem = parse(json_object, value)) return problem;
  if (!value.is_object()) return "the context is a JSON object: {\"key\": value, ...}";
  const char* refused = nullptr;
  const Problem problem = engine.machine.protect([&](lua_State* L) {
    engine.events.push_context(L, connection);
    for (const dom::key_value_pair member : dom::object(value)) {
      push(L, member.key);
      refused = push_value(L, member.value, 0);
      if (refused) return;
      lua_rawset(L, -3);
    }
  });
  if (!problem.empty() || refused) return refused ? refused : problem;
  // A woken script may decode JSON itself, and may end its connection.
  std::vector<std::string> keys;
  for (const dom::key_value_pair member : dom::object(value)) keys.emplace_back(member.key);
  const ConnectionId id = connection.id;
  for (const std::string& key : keys) {
    if (Connection* still = engine.events.find(id)) engine.events.context_set(*still, key);
  }
  return "";
}

void add_json(lua_State* L) {
  set_function(L, "json_encode", json_encode);
  set_function(L, "json_decode", json_decode);
  lua_pushlightuserdata(L, nullptr);
  lua_setfield(L, -2, "null");
  luaL_newmetatable(L, kArray);
  lua_pushboolean(L, 0);  // shared by all scripts: not theirs to change
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

}  // namespace weft::script
