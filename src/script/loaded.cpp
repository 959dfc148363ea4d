#include "script/loaded.hpp"

#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <utility>

#include "script/sandbox.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

/// Changes when the file is written or replaced; 0 when it is not there.
std::size_t stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  return std::hash<std::string>{}(
      std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec) + '/' +
      std::to_string(status.st_size) + '/' + std::to_string(status.st_ino));
}

bool read_file(const std::string& path, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  content.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return !file.bad();
}

}  // namespace

SourceFile SourceFile::read(std::string path, std::string& content) {
  SourceFile source;
  source.stamp = stamp_of(path);
  struct stat status {};
  const bool is_file = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  if (!is_file || !read_file(path, content)) throw ScriptError(path + ": cannot read this script");
  source.hash = std::hash<std::string>{}(content);
  source.path = std::move(path);
  return source;
}

bool SourceFile::is_changed() const {
  std::string content;
  return !read_file(path, content) || std::hash<std::string>{}(content) != hash;
}

bool SourceFile::is_touched() {
  const std::size_t now = stamp_of(path);
  return std::exchange(stamp, now) != now;
}

Loaded::~Loaded() {
  luaL_unref(machine_.main(), LUA_REGISTRYINDEX, environment_);
  for (const int callback : callbacks_) luaL_unref(machine_.main(), LUA_REGISTRYINDEX, callback);
}

void Loaded::push(lua_State* L, Callback callback) const {
  if (!has(callback))
    lua_pushnil(L);
  else
    lua_rawgeti(L, LUA_REGISTRYINDEX, callbacks_[static_cast<std::size_t>(callback)]);
}

void Loaded::push_environment(lua_State* L) const {
  lua_rawgeti(L, LUA_REGISTRYINDEX, environment_);
}

const SourceFile* Loaded::file_of(std::string_view short_name) const {
  for (const SourceFile& file : files_) {
    if (file.short_name == short_name) return &file;
  }
  return nullptr;
}

void Loaded::make_environment(lua_State* L) {
  push_new_environment(L);
  environment_ = luaL_ref(L, LUA_REGISTRYINDEX);
}

void Loaded::take_callbacks(lua_State* L) {
  push_environment(L);
  for (std::size_t i = 0; i < kCallbackNames.size(); ++i) {
    lua_pushstring(L, kCallbackNames[i]);
    lua_rawget(L, -2);
    if (lua_isfunction(L, -1))
      callbacks_[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    else
      lua_pop(L, 1);
  }
  lua_pop(L, 1);
  api_ = config_.api;
  if (api_ != Api::automatic) return;
  push(L, Callback::message);
  api_ = Api::a;
  if (lua_isnil(L, -1)) return lua_pop(L, 1);
  // lua_Debug has no count of parameters; LuaJIT tells it through debug.getinfo only.
  push_ours(L, "weft.parameters");
  lua_insert(L, -2);
  lua_call(L, 1, 1);
  if (lua_tointeger(L, -1) == 1) api_ = Api::b;
  lua_pop(L, 1);
}

void Loaded::compile(lua_State* L, std::string_view text, const char* chunk_name) {
  const char* const mode = engine_of(L).limits.trusted ? "bt" : "t";
  if (luaL_loadbufferx(L, text.data(), text.size(), chunk_name, mode) != 0) lua_error(L);
  push_environment(L);
  lua_setfenv(L, -2);
}

void Loaded::remember_name(lua_State* L, SourceFile& file) {
  lua_Debug about{};
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &about);
  file.short_name = about.short_src;
}

}  // namespace weft::script
