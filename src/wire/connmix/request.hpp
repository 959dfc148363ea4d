// What a worker asks over the API, in any of connmix' generations, as one value. Pure and total:
// whatever comes in gives a Request; what cannot be understood gives one whose method is `Refused`,
// ready to be answered. Executed by api/connmix_session.cpp, attacked by fuzz/api_request_fuzz.cpp.
// Shapes: docs/api.md.
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "weft/nodes.hpp"
#include "weft/types.hpp"

namespace weft::connmix {

/// How keys are spelled: method/params/id/result/error or m/p/i/r/E. Answers are spelled as the
/// question was.
enum class Style : std::uint8_t { long_keys, short_keys };

/// Error numbers of connmix, and ours from 500 on.
enum class ErrorCode {
  invalid_params = 101,
  consume_failed = 201,
  already_consuming = 202,
  unconsume_failed = 203,
  call_failed = 301,
  send_failed = 401,
  settle_failed = 501,  ///< queue.ack, queue.working, queue.nack, queue.dead
  watch_failed = 502,   ///< mesh.subscribe, mesh.unsubscribe
  push_failed = 503,    ///< queue.push
  forbidden = 504,      ///< the access user may not do this
  no_connection = 505,  ///< queue.message: nobody would get it
  messages_full = 506,  ///< queue.message: the message queue is full
  messages_away = 507,  ///< queue.message: its storage cannot be reached
};

struct Refused {
  ErrorCode code = ErrorCode::invalid_params;
  std::string message;  ///< what was wrong, for the author of the worker
};

struct Consume {
  std::vector<std::string> topics;  ///< at least one, none twice
  bool ack = false;
  std::size_t prefetch = 64;
  bool pop = false;  ///< asked as queue.pop: events are then called so too
};
struct Unconsume {};

struct Send {
  ConnectionId to = ConnectionId::none;
  DataType type = DataType::text;
  std::string data;
  /// `c` was a string of digits: when no connection has that id, the channel it may have meant;
  /// else "".
  std::string or_channel;
};
struct Publish {
  std::string channel;
  DataType type = DataType::text;
  std::string data;
};

// conn.call
struct SetContext {
  ConnectionId of = ConnectionId::none;
  std::string object;  ///< JSON text of the keys to set
};
struct Subscribe {
  ConnectionId who = ConnectionId::none;
  std::vector<std::string> channels;
};
struct Unsubscribe {
  ConnectionId who = ConnectionId::none;
  std::vector<std::string> channels;
};
struct Close {
  ConnectionId who = ConnectionId::none;
  std::uint16_t code = 1000;
  std::string reason;
};

struct Ping {};

// Beyond connmix
struct Ack {
  std::vector<std::uint64_t> jobs;
};
struct Working {
  std::vector<std::uint64_t> jobs;
};
struct Nack {
  std::vector<std::uint64_t> jobs;
  std::chrono::milliseconds delay{0};
  std::string why = {};
};
struct Dead {
  std::vector<std::uint64_t> jobs;
  std::string why = {};
};
struct Push {
  std::string topic;
  std::string data;  ///< JSON text
};
/// queue.message: an event for a connection or a user, through the message queue.
struct AddMessage {
  ConnectionId to = ConnectionId::none;  ///< exactly one of `to` and `user`
  std::string user = {};
  std::string event = {};
  std::string data = "null";         ///< JSON text
  std::chrono::milliseconds ttl{0};  ///< 0 = no end
};
struct Watch {
  std::vector<std::string> channels;
};
struct Unwatch {};

// Users and everybody, on every node
struct SendUser {
  std::string user;
  DataType type = DataType::text;
  std::string data;
};
struct Broadcast {
  DataType type = DataType::text;
  std::string data;
};
struct KickUser {
  std::string user;
  std::uint16_t code = 1000;
  std::string reason;
};
struct BindUser {
  ConnectionId who = ConnectionId::none;
  std::string user;
  OtherConnections others = OtherConnections::stay;
};
struct UnbindUser {
  ConnectionId who = ConnectionId::none;
  std::string user;  ///< whose it has to be; "" = anybody's
};
struct AskUser {
  std::string user;
};
struct AskPresence {
  std::string channel;
};
struct AskNodes {};

using Method =
    std::variant<Refused, Consume, Unconsume, Send, Publish, SetContext, Subscribe, Unsubscribe,
                 Close, Ping, Ack, Working, Nack, Dead, Push, AddMessage, Watch, Unwatch, SendUser,
                 Broadcast, KickUser, BindUser, UnbindUser, AskUser, AskPresence, AskNodes>;

struct Request {
  Style style = Style::short_keys;
  std::string id = "null";  ///< JSON text, byte for byte as it came
  Method method;
};

inline constexpr std::size_t kMaxRequestDepth = 64;

/// Reads one message of the WebSocket API. `fallback` is the spelling of the answer when the
/// message shows none.
Request parse_request(std::string_view text, Style fallback = Style::short_keys);

/// Reads the body of POST /v1/mesh/send, /v1/mesh/publish, /v1/queue/push and /v1/conn/close:
/// parameters in either spelling, nothing around them.
Method parse_send(std::string_view body);
Method parse_publish(std::string_view body);
Method parse_push(std::string_view body);
Method parse_close(std::string_view body);

/// The same of /v1/mesh/broadcast and of POST /v1/users/{user}/send, kick, bind and unbind, where
/// the path names the user. Nothing at all is an empty object to kick.
Method parse_broadcast(std::string_view body);
Method parse_user_send(std::string_view body, std::string_view user);
Method parse_user_kick(std::string_view body, std::string_view user);
Method parse_user_bind(std::string_view body, std::string_view user);
Method parse_user_unbind(std::string_view body, std::string_view user);

/// The body of POST /v1/queue/messages: one message, or {"messages": [...]} of at most
/// kMaxMessages. A list with a bad message in it is refused as a whole; the refusal says which.
struct MessageList {
  std::vector<AddMessage> messages = {};
  bool is_list = false;
};
inline constexpr std::size_t kMaxMessages = 1000;
inline constexpr std::size_t kMaxMessageDepth = 32;  ///< of `data`: that of messages from clients
std::variant<Refused, MessageList> parse_messages(std::string_view body);

}  // namespace weft::connmix
