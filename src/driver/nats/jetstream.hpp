// JetStream by plain requests: its API answers in JSON, its streams acknowledge with a PubAck.
// libnats' own calls for that block, and one of them hangs for as long as the server is away.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "driver/nats/client.hpp"

namespace weft::nats {

/// What the reply subject of a message from a consumer says.
struct Delivered {
  std::string_view stream, consumer;
  std::uint64_t attempt = 0;      ///< from 1 on
  std::uint64_t sequence = 0;     ///< of the stream
  std::uint64_t in_consumer = 0;  ///< from 1 on, one more with each delivery
  std::int64_t stored_ns = 0;     ///< since 1970, by the server's clock
  std::uint64_t pending = 0;      ///< that wait behind it
};
/// nullopt: it is none. Views into `reply`.
std::optional<Delivered> parse_delivered(std::string_view reply);

// Error numbers of JetStream that somebody has to tell apart.
constexpr int kWrongLastSequence = 10071, kStreamNotFound = 10059, kMessageNotFound = 10037,
              kConsumerNotFound = 10014, kStreamFull = 10077, kStreamExists = 10058;

/// An answer of JetStream: an object, or what it refuses with.
struct JsAnswer {
  boost::json::object object;
  int error = 0;     ///< its err_code, or its code where it has none; 0 = fine
  std::string text;  ///< of the error
};
JsAnswer parse_js_answer(std::string_view text);

/// A number of the object; 0 when it has none of this name.
std::uint64_t number_in(const boost::json::object& object, std::string_view name);
/// An inner object; an empty one when it has none of this name.
const boost::json::object& object_in(const boost::json::object& object, std::string_view name);

/// Asks $JS.API.<call>. Errors: those of NatsClient::request; no_responders = JetStream is off, or
/// not for this user.
Task<Result<JsAnswer>> js_call(NatsClient& client, std::string call, boost::json::object request,
                               std::chrono::milliseconds timeout);

/// "2026-11-20T19:39:39.123456789Z" in nanoseconds since 1970; 0 = it is none.
std::int64_t parse_js_time(std::string_view text);

}  // namespace weft::nats
