// Which names a channel may have.
#pragma once
#include <string>
#include <string_view>

namespace weft {

/// 1 to 255 bytes of UTF-8 without spaces, control characters, and the characters that brokers give
/// a meaning
/// (* > { }); names that begin with $ are the node's own. Compared byte by byte: names that look
/// alike stay apart.
bool is_channel_name(std::string_view name);

/// The channel of a user's connections. Nobody else can join or publish to it by its name.
std::string user_channel(std::string_view user);
/// Whether a user may have this name: as channels, and short enough for user_channel().
bool is_user_name(std::string_view name);

}  // namespace weft
