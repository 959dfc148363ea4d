// Dialect: what the messages of a connection mean. One per path and loop, shared by its sessions;
// plain echo and queues in node/plain_dialect.cpp, Lua in node/lua_dialect.cpp.
#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hub/subscriber.hpp"
#include "session/arrival.hpp"
#include "transport/websocket.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft::session {

class Session;

class Dialect {
 public:
  virtual ~Dialect() = default;

  /// The path of the configuration that it answers; on raw TCP the address.
  const std::string& path() const { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }

  /// The session is known to the node and may be sent to. `arrival` is the dialect's to take from.
  virtual void on_open(Session& session, Arrival& arrival) = 0;
  /// false = no more messages until the connection's resume().
  virtual bool on_message(Session& session, DataType type, std::span<const std::byte> payload) = 0;
  /// false: it is still being decided whether it may come in, and what it says is for that alone.
  virtual bool is_open(Session& /*session*/) { return true; }
  /// The session has left its channels and can no longer be found by its id.
  virtual void on_close(Session& session, const CloseInfo& info) = 0;

  /// A message from elsewhere in the house to this client alone. Errors: NodeErrc.
  virtual error_code push(Session& session, DataType type, std::span<const std::byte> payload) = 0;
  /// An event and its data to this client alone, in the form the dialect has for events. Unless a
  /// dialect knows better: {"event":…,"data":…} as text. Errors: NodeErrc.
  virtual error_code push_event(Session& session, std::string_view event,
                                const boost::json::value& data);
  /// A publication; false = it could not be queued.
  virtual bool deliver(Session& session, hub::Delivery& delivery) = 0;

  /// Merges the members of `json_object` into the context. Error: NodeErrc::bad_context.
  virtual error_code set_context(Session& session, const std::string& json_object) = 0;
  virtual bool has_context(Session& session, const std::string& key) = 0;

  /// Somebody in the house makes the connection one of `user`, "" = of nobody. nullopt: the dialect
  /// does not care and the node does it. Errors: NodeErrc.
  virtual std::optional<error_code> bind_user(Session& /*session*/, const std::string& /*user*/) {
    return std::nullopt;
  }

 private:
  std::string path_;
};

}  // namespace weft::session
