#include <algorithm>

#include "driver/nats/client.hpp"

namespace weft::nats {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// "_2e" in the text itself must not look like a dot afterwards.
bool looks_encoded(std::string_view rest) {
  return rest.size() >= 3 && rest[0] == '_' && is_hex(rest[1]) && is_hex(rest[2]);
}

}  // namespace

std::string token_of(std::string_view text) {
  std::string token;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (is_plain(text[i]) && !looks_encoded(text.substr(i))) {
      token += text[i];
    } else {
      token += {'_', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return token;
}

}  // namespace weft::nats
