#include "node/channel_name.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "wire/ws/utf8.hpp"

namespace weft {

bool is_channel_name(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.front() == '$') return false;
  const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || c == '*' || c == '>' || c == '{' || c == '}';
  });
  return plain && ws::is_utf8(as_bytes(name));
}

namespace {
constexpr std::string_view kUser = "$user:";
}

std::string user_channel(std::string_view user) { return std::string(kUser).append(user); }

bool is_user_name(std::string_view name) {
  return name.size() <= 255 - kUser.size() && is_channel_name(name);
}

}  // namespace weft
