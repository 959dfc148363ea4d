// What the API says to a worker, spelled for the generation it speaks. Plain string building.
// Long keys carry both forms that ever existed (an object, and the list-like "0" or `params` of the
// first generation), so that one answer serves clients that cannot be told apart.
#pragma once
#include <string>
#include <string_view>

#include "weft/types.hpp"
#include "wire/connmix/request.hpp"

namespace weft::connmix {

/// Consume, unconsume, conn.call, ack, nack, push, watch: done.
std::string ok_reply(const Request& to);
std::string sent_reply(const Request& to);  ///< mesh.send reached its one connection
std::string published_reply(const Request& to, PublishCount count);
/// A question's answer: `members` is the inside of the result object, JSON text.
std::string told_reply(const Request& to, std::string_view members);
/// queue.message: `message` is the id it got.
std::string queued_reply(const Request& to, std::string_view message);
std::string pong_reply(const Request& to);
std::string error_reply(const Request& to, ErrorCode code, std::string_view message);

/// What a consumer asked to have its jobs announced as.
enum class EventStyle : std::uint8_t { long_consume, short_consume, short_pop };
EventStyle event_style(Style style, const Consume& consume);

/// One job for a consumer. `data` is JSON text and goes out untouched when it is an object, a list
/// or null; PHP clients refuse anything else, so that is wrapped: {"data":...}.
struct JobEvent {
  std::string_view node;
  ConnectionId connection = ConnectionId::none;
  std::string_view topic, data;
  std::uint64_t job = 0;  ///< 0: the consumer does not acknowledge, no id and attempt in the event
  unsigned attempt = 1;
  std::string_view died_in = {}, died_of = {};  ///< of a dead letter: its topic, and why
};
std::string job_event(EventStyle style, const JobEvent& event);

/// A publication for a connection that asked mesh.subscribe. Bytes go out as base64 with
/// "t":"binary".
std::string publication_event(Style style, std::string_view channel, DataType type,
                              std::string_view data);

// Bodies of the HTTP calls.
std::string sent_body();
std::string published_body(PublishCount count);
std::string error_body(int code, std::string_view message);

}  // namespace weft::connmix
