// The words that every room and every client share. See docs/words.md.
#pragma once
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

/// Address of one client connection: a positive int64, never reused, 0 = none.
/// 41 bits of milliseconds since 2026, 12 bits of node slot, 10 bits of sequence. In JSON it is a
/// string.
enum class ConnectionId : std::int64_t { none = 0 };

inline std::string to_string(ConnectionId id) {
  return std::to_string(static_cast<std::int64_t>(id));
}

/// Reads 1 to 19 digits; nullopt for anything else, for 0, and beyond 2^63-1.
inline std::optional<ConnectionId> parse_connection_id(std::string_view digits) {
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end || value <= 0) return std::nullopt;
  return ConnectionId{value};
}

/// What a message holds: UTF-8 text or bytes.
enum class DataType : std::uint8_t { text, binary };

/// How many connections a publication reached, over the whole mesh.
struct PublishCount {
  std::size_t success = 0;  ///< accepted by the connection's outbox
  std::size_t fail = 0;     ///< dropped by a full outbox or a script that refused to encode
  /// Nodes that have subscribers, or may have, and did not say in time what became of it there:
  /// neither of the two counts speaks of their connections.
  std::size_t unreachable = 0;

  PublishCount& operator+=(const PublishCount& other) {
    success += other.success, fail += other.fail, unreachable += other.unreachable;
    return *this;
  }
};

/// Who ended a connection.
enum class ClosedBy : std::uint8_t { client, server, network };

/// How a connection ended: exactly one of these per connection.
struct CloseInfo {
  std::uint16_t code =
      1006;  ///< RFC 6455 section 7.4; 1005 = close frame without code, 1006 = no close frame
  std::string reason;
  ClosedBy by = ClosedBy::network;
};

}  // namespace weft

template <>
struct std::hash<weft::ConnectionId> {
  std::size_t operator()(weft::ConnectionId id) const noexcept {
    return std::hash<std::int64_t>{}(static_cast<std::int64_t>(id));
  }
};
