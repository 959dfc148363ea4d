// One header field, as both requests and responses have them.
#pragma once
#include <string_view>

namespace weft::http {

struct HeaderView {
  std::string_view name, value;
};

/// Equal but for the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Whether the comma-separated `list` holds `token`, in any case.
bool list_has_token(std::string_view list, std::string_view token);

/// Names that frame a message or decide what its connection becomes (Content-Length, Upgrade,
/// Sec-WebSocket-* …). Only who writes the message itself may set them.
bool is_framing_header(std::string_view name);

/// 1 or more characters of RFC 9110 section 5.6.2.
bool is_token(std::string_view text);

/// Visible characters, spaces, tabs and bytes from 0x80 on: nothing that could end a line.
bool is_field_value(std::string_view text);

}  // namespace weft::http
