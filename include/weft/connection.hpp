// Connection: one client of the dialects `events` and `commands`, as listeners, controllers and
// middleware see it. Every method runs on the connection's loop, which is where listeners and their
// coroutines run; from elsewhere ask the Server by id. After the end every call does nothing and
// says so; keep `shared_from_this()` to ask later whether it ended.
#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "weft/codes.hpp"
#include "weft/message.hpp"
#include "weft/request.hpp"
#include "weft/send.hpp"
#include "weft/task.hpp"

namespace weft {

class Server;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  virtual ~Connection() = default;

  virtual ConnectionId id() const = 0;
  virtual bool is_open() const = 0;
  /// The request it began with.
  virtual const Request& request() const = 0;
  /// Values of the path's {variables}.
  virtual const std::map<std::string, std::string>& parameters() const = 0;
  /// What handshake middleware and listeners keep with the connection.
  virtual json::object& attributes() = 0;
  /// Writes them to the connection's row (weft/storage.hpp), where they stay as they were when it
  /// opened until this is called. What others change by its context is written by itself.
  virtual void store_attributes() = 0;

  /// Sends {event, data}, or what the path's converter makes of them.
  virtual SendStatus send(std::string_view event, const json::value& data = nullptr) = 0;
  /// As `send`, carrying the id of the message that is being handled. One answer for each message:
  /// the next one carries no id.
  virtual SendStatus reply(std::string_view event, const json::value& data = nullptr) = 0;
  /// Sends `payload` as it is. Text has to be UTF-8.
  virtual SendStatus send_raw(std::span<const std::byte> payload,
                              DataType type = DataType::binary) = 0;
  SendStatus send_raw(std::string_view text) {
    return send_raw(std::as_bytes(std::span(text)), DataType::text);
  }

  /// Starts the closing handshake. `reason`: at most 123 bytes of UTF-8. Errors: invalid_argument
  /// for codes that must not be sent (1004, 1005, 1006, 1015, below 1000, above 4999) and long
  /// reasons.
  virtual Result<void> close(CloseCode code = CloseCode::normal, std::string_view reason = {}) = 0;

  /// For open middleware: the client's next message, which nobody else gets. nullptr when none came
  /// `within`, when the client went, and once the connection is open.
  virtual Task<std::shared_ptr<const Message>> next_message(std::chrono::milliseconds within) = 0;

  /// Stops reading from this client, so that TCP holds it back.
  virtual void pause() = 0;
  virtual void resume() = 0;

  /// In force on this node at once, on others a moment later; server().cluster().subscribe() waits
  /// for them. Errors: bad_channel, too_many_channels (NodeErrc).
  virtual Result<void> subscribe(std::string_view channel) = 0;
  virtual Result<void> unsubscribe(std::string_view channel) = 0;

  /// The user it is bound to; "" = nobody. A user may have any number of connections. The end of
  /// the connection unbinds it. Other nodes know a moment later; server().cluster().register_user()
  /// waits for them.
  virtual std::string_view user() const = 0;
  virtual Result<void> bind_user(std::string_view user) = 0;
  virtual void unbind_user() = 0;

  virtual Server& server() = 0;
};

}  // namespace weft
