// JSON: text to Lua values and back.
#pragma once
#include <string>
#include <string_view>

#include "script/host.hpp"

struct lua_State;

namespace weft::script {

class Engine;
struct Connection;

inline constexpr int kMaxJsonDepth = 512;
inline constexpr std::size_t kMaxJsonSize = 16 << 20;  ///< bytes, in both directions

/// Appends the value at `index` as JSON; nullptr or why it cannot be JSON, then the stack may have
/// grown.
const char* encode_json(lua_State* L, int index, std::string& out);
/// Pushes the value, or gives why not and then the stack may have grown.
const char* decode_json(lua_State* L, std::string_view text);

/// Merges a JSON object into the context of a connection and wakes its script. Not inside protected
/// code.
Problem merge_context(Engine& engine, Connection& connection, std::string_view json_object);

}  // namespace weft::script
