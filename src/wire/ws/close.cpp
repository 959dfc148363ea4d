#include "wire/ws/close.hpp"

#include "base/bytes.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::ws {
namespace {

constexpr bool is_continuation_byte(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

std::string_view cut(std::string_view reason) {
  if (reason.size() <= kMaxCloseReason) return reason;
  std::size_t end = kMaxCloseReason;
  while (end > 0 && is_continuation_byte(reason[end])) --end;
  return reason.substr(0, end);
}

}  // namespace

bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

Result<CloseFrame> parse_close(std::span<const std::byte> payload) {
  if (payload.empty()) return CloseFrame{};
  if (payload.size() < 2) return WsErrc::bad_close_size;
  const auto code = static_cast<std::uint16_t>(load_big_endian(payload.first(2)));
  if (!is_close_code(code)) return WsErrc::bad_close_code;
  if (!is_utf8(payload.subspan(2))) return WsErrc::bad_utf8;
  return CloseFrame{code, as_text(payload.subspan(2))};
}

std::string encode_close(std::uint16_t code, std::string_view reason) {
  if (!is_close_code(code)) return {};
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  if (is_utf8(as_bytes(reason))) payload += cut(reason);
  return payload;
}

}  // namespace weft::ws
