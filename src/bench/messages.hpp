// What the load generator says and what it hears: requests, masked frames, and server bytes cut
// into replies. Pure functions; the swarm moves the bytes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/url.hpp"
#include "weft/result.hpp"
#include "wire/ws/frame.hpp"

namespace weft::bench {

/// The request head that asks `url` for a WebSocket. `headers` are whole lines, such as "Origin:
/// http://a".
std::string upgrade_request(const Url& url, const std::vector<std::string>& headers = {});

/// Where the 101 answer at the front of `in` ends; nullopt while it is incomplete.
/// Errors: connection_refused for any other status, bad_message for a wrong accept key.
Result<std::optional<std::size_t>> upgrade_answer_end(std::string_view in);

/// A POST on a connection that is kept.
std::string post_request(const Url& url, std::string_view body,
                         const std::vector<std::string>& headers = {},
                         std::string_view content_type = "application/json");

/// One masked frame, as a client has to send it.
std::string client_frame(ws::Opcode opcode, std::string_view payload);

struct Reply {
  enum class Kind : std::uint8_t { message, ping, pong, close };
  Kind kind = Kind::message;
  std::string_view payload;  ///< a view into what was read
  std::size_t size = 0;      ///< bytes of the input it took
};

/// The frame at the front of `in`; nullopt while it is incomplete. Of a fragmented message each
/// frame but the last is skipped: servers under test do not fragment. Errors: any of the codec's.
Result<std::optional<Reply>> next_frame(std::string_view in);

/// What a close frame with this payload says, for people.
std::string close_text(std::string_view payload);

/// The HTTP answer at the front of `in`, body as payload. Errors: bad_message without
/// content-length, permission_denied for a status that is not 2xx.
Result<std::optional<Reply>> next_http_answer(std::string_view in);

}  // namespace weft::bench
