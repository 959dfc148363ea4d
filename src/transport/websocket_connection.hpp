// One WebSocket on the wire: frames to messages and back (wire/ws), pings, the closing handshake,
// the outbox's limit.
//
// Invariants: lives on its stream's loop and is owned by the stream. The handler hears on_close()
// exactly once: when the closing handshake is over, when the peer broke the protocol, or when the
// stream ends. After close_sent_ nothing is sent.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/stream.hpp"
#include "transport/codecs.hpp"
#include "transport/silence.hpp"
#include "transport/websocket.hpp"
#include "wire/ws/decoder.hpp"
#include "wire/ws/deflate.hpp"
#include "wire/ws/handshake.hpp"

namespace weft::transport {

class WebSocketConnection final : public OnSlab,
                                  public net::StreamHandler,
                                  public Connection,
                                  private ws::DecoderSink {
 public:
  using Make = std::function<std::unique_ptr<MessageHandler>(Connection&)>;

  /// `remote` is what a trusted proxy said of the client; "" = the stream's own peer.
  WebSocketConnection(net::Stream& stream, Codecs& codecs,
                      std::shared_ptr<const WebSocketOptions> options,
                      const std::optional<ws::DeflateParams>& deflate, const std::string& remote);
  ~WebSocketConnection() override;

  /// Once, right after the handshake was queued.
  void start(const Make& make);

  SendResult send(DataType type, std::span<const std::byte> payload) override;
  SendResult send_frame(const SharedBytes& frame) override;
  SharedForm shared_form() const override;
  SharedBytes deflate(DataType type, std::span<const std::byte> payload) override;
  void close(std::uint16_t code, std::string_view reason) override;
  void pause() override;
  void resume() override;
  void hold() override;
  void release() override;
  bool is_open() const override { return !close_sent_ && !told_; }
  std::size_t queued_bytes() const override { return stream_.queued_bytes(); }
  std::size_t max_outbox() const override { return options_->max_outbox; }
  std::string remote_addr() const override;
  net::Loop& loop() override { return stream_.loop(); }

 private:
  void on_bytes(std::span<std::byte> bytes) override;
  void on_end(error_code error) override;
  void on_drained() override;
  void on_timer() override;

  bool on_message(ws::Opcode kind, std::span<const std::byte> payload) override;
  bool on_ping(std::span<const std::byte> payload) override;
  bool on_pong(std::span<const std::byte> payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;

  void feed(std::span<std::byte> bytes);
  bool is_stopped() const { return stopped_ || held_; }
  void stop_reading();
  void go_on();
  bool within_rate() { return !options_->max_messages_per_second || count_against_rate(); }
  bool count_against_rate();
  void fail(error_code error);
  void send_close(std::uint16_t code, std::string_view reason);
  void close_as(std::uint16_t code, std::string reason, metrics::Counter& counter);
  void tell_closed();
  void watch_silence();
  SendResult queue(const SharedBytes& frame);
  SendResult refused() const { return close_sent_ ? SendResult::closed : SendResult::dropped; }
  bool is_droppable() const;
  void count_sent(std::size_t size);
  bool has_room(std::size_t size);
  ws::Deflater& deflater();
  ws::Inflater& inflater();

  // What most connections never have, or have only at their end.
  struct Rare {
    std::vector<std::byte> early;          // came while stopped
    std::optional<ws::Deflater> deflater;  // compression contexts of this connection alone
    std::optional<ws::Inflater> inflater;
    std::string remote;               // what a trusted proxy said; "" = the stream's own peer
    SharedBytes pong;                 // of a peer that does not read: for its newest ping
    std::optional<CloseInfo> closed;  // decided, perhaps not told yet
  };
  Rare& rare();

  net::Stream& stream_;
  Codecs& codecs_;
  std::shared_ptr<const WebSocketOptions> options_;
  std::unique_ptr<MessageHandler> handler_;
  ws::Decoder decoder_;
  std::unique_ptr<Rare> rare_;
  Silence silence_;
  SteadyTime second_{};  // when the rate's present second began
  std::uint32_t this_second_ = 0;
  bool deflates_ = false, feeding_ = false;
  bool stopped_ = false, resumed_ = false;  // by the handler
  bool held_ = false;                       // by hold()
  bool close_sent_ = false, told_ = false;
};

}  // namespace weft::transport
