// Dialect: what the messages of a connection mean. One per path and loop, shared by its sessions;
// plain echo and queues in node/plain_dialect.cpp, Lua in node/lua_dialect.cpp.
#pragma once
#include <span>
#include <string>

#include "hub/subscriber.hpp"
#include "transport/http.hpp"
#include "transport/websocket.hpp"
#include "weft/result.hpp"
#include "weft/types.hpp"

namespace weft::session {

class Session;

class Dialect {
 public:
  virtual ~Dialect() = default;

  /// The session is known to the node and may be sent to. `request`: the upgrade, nullptr on raw
  /// TCP.
  virtual void on_open(Session& session, const transport::HttpRequest* request) = 0;
  /// false = no more messages until the connection's resume().
  virtual bool on_message(Session& session, DataType type, std::span<const std::byte> payload) = 0;
  /// The session has left its channels and can no longer be found by its id.
  virtual void on_close(Session& session, const CloseInfo& info) = 0;

  /// A message from elsewhere in the house to this client alone. Errors: NodeErrc.
  virtual error_code push(Session& session, DataType type, std::span<const std::byte> payload) = 0;
  /// A publication; false = it could not be queued.
  virtual bool deliver(Session& session, hub::Delivery& delivery) = 0;

  /// Merges the members of `json_object` into the context. Error: NodeErrc::bad_context.
  virtual error_code set_context(Session& session, const std::string& json_object) = 0;
  virtual bool has_context(Session& session, const std::string& key) = 0;
};

}  // namespace weft::session
