// Session: what the node knows of one connection: its id, its dialect, its channels, its context.
// Owned by the transport, found by id on its loop, gone after on_close().
#pragma once
#include <memory>
#include <string>

#include "base/slab.hpp"
#include "hub/subscriber.hpp"
#include "net/timer_wheel.hpp"
#include "session/dialect.hpp"
#include "transport/message_handler.hpp"
#include "transport/websocket.hpp"

namespace weft::session {

/// Upcall: the node forgets a session.
class SessionOwner {
 public:
  virtual void on_session_end(Session& session) = 0;
  /// Its dialect has heard of the end too: the last word about it.
  virtual void on_session_over(Session& session) = 0;

 protected:
  ~SessionOwner() = default;
};

/// What a dialect keeps with a session; each dialect knows what it attached.
class Attached {
 public:
  virtual ~Attached() = default;
};

class Session final : public OnSlab, public transport::MessageHandler, public hub::Subscriber {
 public:
  Session(ConnectionId id, transport::Connection& connection, Dialect& dialect, SessionOwner& owner,
          std::size_t max_channels);
  ~Session() override;

  ConnectionId id() const { return id_; }
  ConnectionId connection_id() const override { return id_; }
  transport::Connection& connection() { return connection_; }
  Dialect& dialect() { return dialect_; }
  std::size_t max_channels() const { return max_channels_; }

  /// Closes the connection with 3500 unless the context holds `key` after `within`.
  void require_context(std::string key, Millis within);

  /// Belongs to the dialect; nullptr until it attaches something.
  std::shared_ptr<Attached>& attached() { return attached_; }

  bool on_message(DataType type, std::span<const std::byte> payload) override;
  void on_close(const CloseInfo& info) override;
  bool deliver(hub::Delivery& delivery) override { return dialect_.deliver(*this, delivery); }

 private:
  ConnectionId id_;
  transport::Connection& connection_;
  Dialect& dialect_;
  SessionOwner& owner_;
  std::uint32_t max_channels_;
  std::shared_ptr<Attached> attached_;
  std::unique_ptr<net::CallbackTimer> authentication_;
};

/// The usual way of a publication to a client: the shared frame, compressed once per loop where
/// agreed.
bool deliver_frame(transport::Connection& connection, hub::Delivery& delivery);

}  // namespace weft::session
