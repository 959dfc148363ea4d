// require(): modules from the folder of entry.lua, from module_paths, and from the binary, in this
// order.
#include <algorithm>
#include <filesystem>

#include "script/embedded.hpp"
#include "script/sandbox.hpp"
#include "script/stack.hpp"

namespace weft::script {
namespace {

/// "protocols.websocket" and "protocols/websocket" as "protocols/websocket"; "" for what may not be
/// asked for.
std::string module_name(std::string_view asked) {
  std::string name(asked);
  if (name.find('/') == name.npos) std::replace(name.begin(), name.end(), '.', '/');
  if (name.ends_with(".lua")) name.resize(name.size() - 4);
  if (name.empty() || name.front() == '/' || name.back() == '/' || name.find("//") != name.npos)
    return "";
  if (name.find_first_of(std::string_view("\\\0", 2)) != name.npos) return "";
  for (const std::filesystem::path& part : std::filesystem::path(name)) {
    if (part == ".." || part == ".") return "";
  }
  return name;
}

/// Pushes the name that all spellings of a module share.
void push_module_key(lua_State* L, std::string_view asked) {
  std::string& key = engine_of(L).scratch;
  key = module_name(asked);
  push(L, key.empty() ? asked : std::string_view(key));
}

// Leaves the text in `scratch` and the chunk name in the last entry of the script's files.
bool find_file(Engine& engine, Loaded& script, const std::string& name) {
  std::vector<std::string> folders{
      std::filesystem::path(script.config().file).parent_path().string()};
  folders.insert(folders.end(), engine.limits.module_paths.begin(),
                 engine.limits.module_paths.end());
  for (const std::string& folder : folders) {
    const std::string path = (std::filesystem::path(folder) / (name + ".lua")).string();
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) continue;
    script.files().push_back(SourceFile::read(path, engine.scratch));
    return true;
  }
  return false;
}

std::string_view find_embedded(std::string_view name) {
  if (name.starts_with("utils/")) name.remove_prefix(6);  // both spellings are in the field
  return embedded_file(std::string(name) + ".lua");
}

/// Puts the text into `scratch`; gives 0 = not found, 1 = embedded, 2 = a file.
int find_module(Engine& engine, Loaded& script, std::string_view asked) {
  const std::string name = module_name(asked);
  if (name.empty()) return 0;
  try {
    if (find_file(engine, script, name)) return 2;
  } catch (const ScriptError&) {  // it went away between two looks
  }
  engine.scratch = find_embedded(name);
  return engine.scratch.empty() ? 0 : 1;
}

}  // namespace

int require_module(lua_State* L) {
  const std::string_view asked = check_text(L, 1);
  lua_settop(L, 1);
  Engine& engine = engine_of(L);
  Loaded& script = *engine.events.current()->loaded;
  script.push_environment(L);
  lua_getmetatable(L, 2);
  lua_getfield(L, 3, "loaded");
  push_module_key(L, asked);
  lua_pushvalue(L, 5);
  lua_rawget(L, 4);
  if (!lua_isnil(L, -1)) return 1;
  if (engine.limits.trusted && asked == "ffi") {
    lua_getglobal(L, "require");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
  }

  const int found = find_module(engine, script, asked);
  if (!found) {
    return luaL_error(
        L, "module '%s' not found: neither beside the script, nor in module_paths, nor built in",
        lua_tostring(L, 1));
  }
  if (found == 2)
    lua_pushfstring(L, "@%s", script.files().back().path.c_str());
  else
    lua_pushfstring(L, "@weft/%s.lua", lua_tostring(L, 5));
  script.compile(L, engine.scratch, lua_tostring(L, -1));
  if (found == 2) script.remember_name(L, script.files().back());

  lua_pushvalue(L,
                5);  // loaded[key] = true while it runs, so that two modules may require each other
  lua_pushboolean(L, 1);
  lua_rawset(L, 4);
  lua_pushvalue(L, 5);
  engine.scripts.loading_module(+1);
  const int status = lua_pcall(L, 1, 1, 0);
  engine.scripts.loading_module(-1);
  lua_pushvalue(L, 5);
  if (status != 0) {
    lua_pushnil(L);
    lua_rawset(L, 4);
    return lua_error(L);
  }
  if (lua_isnil(L, -2))
    lua_pushboolean(L, 1);
  else
    lua_pushvalue(L, -2);
  lua_rawset(L, 4);
  lua_pushvalue(L, 5);
  lua_rawget(L, 4);
  return 1;
}

}  // namespace weft::script
