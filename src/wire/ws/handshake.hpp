// The WebSocket handshake beyond plain HTTP: keys (RFC 6455 section 4) and the negotiation of
// permessage-deflate (RFC 7692 sections 5 and 7). Values of header fields in, values out; the HTTP
// around them is somebody else's.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::ws {

/// Whether `key` is base64 of exactly 16 bytes, padded, with no stray bits.
bool is_valid_key(std::string_view key);

/// Value of Sec-WebSocket-Accept for the client's `key`.
std::string accept_key(std::string_view key);

/// A client's Sec-WebSocket-Key from 16 random bytes; a client trusts the answer when its
/// Sec-WebSocket-Accept is accept_key() of it.
std::string make_key(std::span<const std::byte, 16> random);

/// What our side is ready to agree to.
struct DeflateOffer {
  bool context_takeover =
      false;  ///< off: a context costs memory per connection and mixes messages (CRIME)
  int server_max_window_bits = 15;  ///< 9 to 15
  int client_max_window_bits = 15;  ///< 8 to 15; below 15 is asked of clients that say they can
};

/// What both sides agreed to. nullopt in a window = not mentioned in the answer, which means 15.
struct DeflateParams {
  bool server_no_context_takeover = true;
  bool client_no_context_takeover = true;
  std::optional<int> server_max_window_bits = {};
  std::optional<int> client_max_window_bits = {};

  bool operator==(const DeflateParams&) const = default;
};

/// Picks the first permessage-deflate offer that can be accepted from all Sec-WebSocket-Extensions
/// values of a request, in order; nullopt = talk without compression.
///
/// An offer with an unknown, repeated or malformed parameter is declined and the next one tried. So
/// is one with server_max_window_bits=8: zlib makes no raw stream with a window of 256 bytes, and
/// one made with 512 could point further back than such a client remembers.
std::optional<DeflateParams> negotiate_deflate(std::span<const std::string_view> extension_headers,
                                               const DeflateOffer& ours);

/// Value of Sec-WebSocket-Extensions in the answer.
std::string format(const DeflateParams& params);

/// A client's Sec-WebSocket-Extensions for `ours`.
std::string format_offer(const DeflateOffer& ours);

/// Reads the server's answer to format_offer(ours). The outer nullopt: the server breaks the rules,
/// fail the connection; the inner one: no compression.
std::optional<std::optional<DeflateParams>> read_deflate_answer(
    std::span<const std::string_view> extension_headers, const DeflateOffer& ours);

}  // namespace weft::ws
