// The receiving half of RFC 6455: bytes in any pieces to messages and control frames, for both
// sides of the wire. Fails at the earliest byte that proves the peer wrong; what was whole before
// that byte has been handed out. No sockets, no clocks. Driven by transport/websocket.cpp, attacked
// by fuzz/ws_frame_fuzz.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "weft/result.hpp"
#include "wire/ws/frame.hpp"

namespace weft::ws {

class Inflater;
struct Partial;

/// Upcalls of Decoder::feed(). Spans are valid during the call only; they must not call feed() or
/// destroy the decoder. false = feed no more: feed() returns right behind this frame.
class DecoderSink {
 public:
  /// `kind` is text (valid UTF-8) or binary.
  virtual bool on_message(Opcode kind, std::span<const std::byte> payload) = 0;
  virtual bool on_ping(std::span<const std::byte> payload) = 0;
  virtual bool on_pong(std::span<const std::byte> payload) = 0;
  /// `code` is 1005 when the frame holds none. Whatever the peer sends after it is ignored.
  virtual bool on_close(std::uint16_t code, std::string_view reason) = 0;

 protected:
  ~DecoderSink() = default;
};

struct DecoderLimits {
  std::size_t max_message = 64 << 10;  ///< bytes, after inflating
  std::size_t max_fragments = 1024;    ///< frames of one message
  bool server = true;                  ///< we are the server: frames must be masked
  bool deflate = false;                ///< permessage-deflate was agreed
};

class Decoder {
 public:
  struct Fed {
    std::size_t consumed = 0;
    error_code error = {};
  };

  Decoder();
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// Takes the next bytes of the stream and unmasks them in place, none beyond `consumed`.
  ///
  /// Consumes all of them unless the sink stops it or the peer is wrong. A message that lies whole
  /// in `bytes` is handed out without a copy; a partial one borrows a buffer that grows with what
  /// really arrived and is released when the message ends. `inflater` is used when limits.deflate
  /// says so, and only inside the call. Errors: any WsErrc; from then on everything is ignored.
  Fed feed(std::span<std::byte> bytes, const DecoderLimits& limits, Inflater* inflater,
           DecoderSink& sink);

  /// Between two messages, no buffer held.
  bool is_idle() const { return !partial_; }

  /// A close frame or an error came: everything that follows is ignored.
  bool is_ended() const { return ended_; }

 private:
  struct Feeding;

  std::unique_ptr<Partial> partial_;
  bool ended_ = false;
};

}  // namespace weft::ws
