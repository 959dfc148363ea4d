// Strict request heads of HTTP/1.1 (RFC 9112 sections 2 to 6). Our own parser rather than Beast's,
// because a lenient one lets two servers in a row disagree about where a request ends, and that is
// how requests are smuggled: here every line ends in CR LF, nothing is folded or repaired, and a
// body's length is said once and in one way or not at all. Views into the caller's bytes, nothing
// remembered between calls. Attacked by fuzz/handshake_fuzz.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "weft/result.hpp"
#include "wire/http/error.hpp"
#include "wire/http/header.hpp"

namespace weft::http {

struct HeadLimits {
  std::size_t max_bytes =
      16 << 10;  ///< of the whole head with its blank line; exactly so many pass
  std::size_t max_target = 8 << 10;
  std::size_t max_headers = 100;
};

enum class BodyKind : std::uint8_t { none, sized, chunked };

/// All views point into the bytes that were parsed.
struct RequestHead {
  std::string_view method, target;
  int minor_version = 1;  ///< HTTP/1.x
  std::vector<HeaderView> headers = {};
  std::size_t size = 0;  ///< bytes of the head with its blank line
  BodyKind body = BodyKind::none;
  std::uint64_t content_length = 0;  ///< bytes, of a sized body
  bool keep_alive = true;
  bool upgrade_websocket =
      false;  ///< Upgrade names websocket and Connection names upgrade, on HTTP/1.1

  /// Value of the first header of that name, in any case.
  std::optional<std::string_view> header(std::string_view name) const;
  /// Values of all headers of that name, in order.
  std::vector<std::string_view> all(std::string_view name) const;
};

/// Reads the head at the front of `in`.
///
/// Gives nullopt while the head is not whole: read more and call again with the same front. What
/// the bytes that are there already prove wrong is an error at once, so that a peer that speaks
/// something else is not waited for. Errors: any HttpErrc but those of chunks; the connection
/// cannot go on after one.
Result<std::optional<RequestHead>> parse_request_head(std::string_view in,
                                                      const HeadLimits& limits);

}  // namespace weft::http
