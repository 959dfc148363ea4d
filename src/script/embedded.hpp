// The Lua files that are part of the binary; made from lua/ and prelude.lua by tools/embed.py.
#pragma once
#include <string_view>

namespace weft::script {

/// By the name require() would use with a suffix, like "protocols/websocket.lua"; empty for an
/// unknown one.
std::string_view embedded_file(std::string_view key);

}  // namespace weft::script
