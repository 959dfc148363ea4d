// WebSocket as its users see it: options of a path, and what a handler may do with its connection.
// What happens on the wire stands in websocket_connection.hpp.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/shared_bytes.hpp"
#include "net/loop.hpp"
#include "transport/message_handler.hpp"
#include "transport/silence.hpp"
#include "weft/types.hpp"

namespace weft::transport {

enum class SlowPolicy : std::uint8_t { close, drop_oldest };

/// Limits and habits of one path. Shared by all its connections, immutable.
struct WebSocketOptions : SilenceLimits {
  std::size_t max_message = 64 << 10;  ///< bytes, after inflating
  std::size_t max_fragments = 1024;    ///< of one message
  std::size_t max_outbox = 1 << 20;    ///< bytes that wait to be sent
  SlowPolicy when_slow = SlowPolicy::close;
  Millis close_timeout{3'000};                 ///< wait for the peer's close frame
  bool compression = false;                    ///< offer permessage-deflate
  bool context_takeover = false;               ///< better ratio, 300 KiB more per connection
  std::size_t compress_above = 256;            ///< smaller messages are sent as they are
  std::size_t max_messages_per_second = 0;     ///< messages and control frames; 0 = no limit
  std::vector<std::string> subprotocols = {};  ///< first of ours that the client offers is chosen
};

enum class SendResult : std::uint8_t { queued, dropped, closed };

/// How a connection wants publications that it shares with others.
enum class SharedForm : std::uint8_t {
  plain,     ///< the plain frame
  deflated,  ///< the frame of deflate(), built once per loop
  own        ///< it keeps a compression context of its own: use send()
};

/// What a message handler may do with its connection. Never outlives on_close().
class Connection {
 public:
  virtual SendResult send(DataType type, std::span<const std::byte> payload) = 0;
  /// A finished frame (ws::encode_frame, or deflate() of any connection of this loop), shared with
  /// others.
  virtual SendResult send_frame(const SharedBytes& frame) = 0;
  virtual SharedForm shared_form() const = 0;
  virtual SharedBytes deflate(DataType type, std::span<const std::byte> payload) = 0;
  /// Starts the closing handshake; on_close() follows when it is over.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  /// No more messages until resume(); TCP pushes back.
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// The same for another reason, which goes by itself: messages come when neither holds.
  virtual void hold() = 0;
  virtual void release() = 0;
  /// Whether it can still be sent to: closing has not begun.
  virtual bool is_open() const = 0;
  virtual std::size_t queued_bytes() const = 0;
  /// Bytes that may wait to be sent; beyond it when_slow decides.
  virtual std::size_t max_outbox() const { return WebSocketOptions().max_outbox; }
  virtual std::string remote_addr() const = 0;  ///< "ip:port"
  virtual net::Loop& loop() = 0;

 protected:
  ~Connection() = default;
};

}  // namespace weft::transport
