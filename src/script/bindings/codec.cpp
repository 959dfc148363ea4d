// mix.base64_*, md5, sha1, str_split, bytes_tostring.
#include <openssl/evp.h>

#include "script/bindings/bindings.hpp"
#include "script/bindings/pattern.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

int base64_encode(lua_State* L) {
  const std::string_view in = check_text(L, 1);
  check_argument(L, in.size() <= (64u << 20), 1, "at most 64 MiB");
  std::string& out = engine_of(L).scratch;
  out.resize((in.size() + 2) / 3 * 4 + 1);
  out.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(bytes_of(out), bytes_of(in), static_cast<int>(in.size()))));
  return push(L, out);
}

bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  const std::size_t end = text.find_last_not_of('=') + 1;
  if (text.size() - end > 2) return false;
  for (const char c : text.substr(0, end)) {
    const bool known = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '+' || c == '/';
    if (!known) return false;
  }
  return true;
}

int base64_decode(lua_State* L) {
  const std::string_view in = check_text(L, 1);
  check_argument(L, in.size() <= (64u << 20), 1, "at most 64 MiB");
  if (!is_base64(in)) return fail(L, "not base64");
  std::string& out = engine_of(L).scratch;
  out.resize(in.size() / 4 * 3 + 1);
  EVP_DecodeBlock(bytes_of(out), bytes_of(in), static_cast<int>(in.size()));
  const std::size_t padding = in.ends_with("==") ? 2 : in.ends_with('=') ? 1 : 0;
  out.resize(in.size() / 4 * 3 - padding);
  return push(L, out);
}

int push_digest(lua_State* L, const EVP_MD* algorithm, bool as_hex) {
  const std::string_view in = check_text(L, 1);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(in.data(), in.size(), digest, &size, algorithm, nullptr) != 1) {
    return luaL_error(L, "this build of OpenSSL refuses the algorithm");
  }
  if (!as_hex) {
    lua_pushlstring(L, reinterpret_cast<const char*>(digest), size);
    return 1;
  }
  char hex[2 * EVP_MAX_MD_SIZE];
  for (unsigned i = 0; i < size; ++i) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  lua_pushlstring(L, hex, 2 * size);
  return 1;
}

int md5(lua_State* L) { return push_digest(L, EVP_md5(), true); }
int md5_bin(lua_State* L) { return push_digest(L, EVP_md5(), false); }
int sha1(lua_State* L) { return push_digest(L, EVP_sha1(), true); }
int sha1_bin(lua_State* L) { return push_digest(L, EVP_sha1(), false); }

/// mix.str_split(s, separator): all parts, also empty ones; an empty separator splits into bytes.
int str_split(lua_State* L) {
  std::string_view rest = check_text(L, 1);
  const std::string_view separator = check_text(L, 2);
  lua_newtable(L);
  int count = 0;
  while (true) {
    const std::size_t at = separator.empty() ? 1 : find_plain(rest, separator, 0);
    if (at >= rest.size()) break;
    Machine::of(L).step(L);
    push(L, rest.substr(0, at));
    lua_rawseti(L, -2, ++count);
    rest.remove_prefix(at + separator.size());
  }
  push(L, rest);
  lua_rawseti(L, -2, ++count);
  return 1;
}

int bytes_tostring(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const auto count = static_cast<int>(lua_objlen(L, 1));
  std::string& out = engine_of(L).scratch;
  out.clear();
  for (int i = 1; i <= count; ++i) {
    Machine::of(L).step(L);
    lua_rawgeti(L, 1, i);
    const lua_Number byte = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if (!(byte >= 0 && byte <= 255))
      return luaL_error(L, "element %d is not a byte from 0 to 255", i);
    out += static_cast<char>(static_cast<unsigned char>(byte));
    lua_pop(L, 1);
  }
  return push(L, out);
}

}  // namespace

void add_codec(lua_State* L) {
  set_function(L, "base64_encode", base64_encode);
  set_function(L, "base64_decode", base64_decode);
  set_function(L, "md5", md5);
  set_function(L, "md5_bin", md5_bin);
  set_function(L, "sha1", sha1);
  set_function(L, "sha1_bin", sha1_bin);
  set_function(L, "str_split", str_split);
  set_function(L, "bytes_tostring", bytes_tostring);
}

}  // namespace weft::script
