// FrameworkDialect: what `events` and `commands` share: a LiveConnection for each session, opened
// and closed with its lifecycle events, and the ways of the house to its client.
#pragma once
#include "framework/live_connection.hpp"
#include "framework/open_middleware.hpp"
#include "session/dialect.hpp"

namespace weft::framework {

class FrameworkDialect : public session::Dialect {
 public:
  struct Rules {
    std::string path;
    Codec codec;
    std::vector<std::string> subscribe;           ///< channels of every connection
    std::function<void(ConnectionId)> gone = {};  ///< a connection has ended
    OpenMiddleware open = {};                     ///< of the path's module: innermost
  };
  FrameworkDialect(LoopContext& context, Rules rules);

  void on_open(session::Session& session, session::Arrival& arrival) final;
  bool on_message(session::Session& session, DataType type,
                  std::span<const std::byte> payload) final;
  void on_close(session::Session& session, const CloseInfo& info) final;
  bool is_open(session::Session& session) final { return !connection_of(session).is_opening(); }
  error_code push(session::Session& session, DataType type,
                  std::span<const std::byte> payload) final;
  error_code push_event(session::Session& session, std::string_view event,
                        const json::value& data) override;
  bool deliver(session::Session& session, hub::Delivery& delivery) override;
  error_code set_context(session::Session& session, const std::string& json_object) final;
  bool has_context(session::Session& session, const std::string& key) final;
  std::optional<error_code> bind_user(session::Session& session, const std::string& user) final;

 protected:
  /// A message to keep, for who decides whether the connection opens. One that cannot be decoded
  /// has no event.
  virtual std::shared_ptr<const Message> decode(LiveConnection& connection, DataType type,
                                                std::span<const std::byte> payload) = 0;
  /// One message of an open connection. To wait, hold() the connection and release() it later: the
  /// next message comes then. `payload` is gone after return.
  virtual void on_message(LiveConnection& connection, DataType type,
                          std::span<const std::byte> payload) = 0;
  /// It is open: everybody let it in.
  virtual void on_opened(LiveConnection& /*connection*/) {}
  /// It has ended; nothing can be sent any more.
  virtual void on_closed(LiveConnection& /*connection*/, const CloseInfo& /*info*/) {}

  LoopContext& context() { return context_; }
  const Rules& rules() const { return rules_; }

 private:
  static LiveConnection& connection_of(session::Session& session) {
    return static_cast<LiveConnection&>(*session.attached());
  }
  static bool is_reachable(session::Session& session);
  void opened(LiveConnection& connection);
  void never_opened(LiveConnection& connection);
  bool is_json() const { return is_json_; }

  LoopContext& context_;
  Rules rules_;
  OpenGate gate_;
  bool is_json_;  // then the house's own frames are right for its clients
};

}  // namespace weft::framework
