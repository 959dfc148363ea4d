// Upcalls of the transport: one message came in, the connection ended. Implemented by
// session/session.cpp for clients and by api/connmix_api.cpp for consumers.
#pragma once
#include <span>

#include "weft/types.hpp"

namespace weft::transport {

class MessageHandler {
 public:
  virtual ~MessageHandler() = default;

  /// One whole message; `payload` is gone after return, text is valid UTF-8. false = no more until
  /// WebSocket::resume(): the transport keeps what it has and stops reading, so TCP pushes back.
  virtual bool on_message(DataType type, std::span<const std::byte> payload) = 0;

  /// The connection ended. Exactly once, the last call; the handler is destroyed after it.
  virtual void on_close(const CloseInfo& info) = 0;

  /// Everything that was queued for sending has left.
  virtual void on_drained() {}
};

}  // namespace weft::transport
