// Raw TCP whose framing is somebody else's: every piece that arrives is handed over as one binary
// message, everything sent leaves as it is. Used by listeners whose protocol is a Lua script.
#pragma once
#include "net/stream.hpp"
#include "transport/codecs.hpp"
#include "transport/websocket.hpp"

namespace weft::transport {

class RawConnection final : public net::StreamHandler, public Connection {
 public:
  using Make = std::function<std::unique_ptr<MessageHandler>(Connection&)>;

  /// Of `options`, the outbox, the slow policy, read_timeout and close_timeout apply.
  RawConnection(net::Stream& stream, Codecs& codecs,
                std::shared_ptr<const WebSocketOptions> options);
  void start(const Make& make);

  SendResult send(DataType type, std::span<const std::byte> payload) override;
  SendResult send_frame(const SharedBytes& bytes) override;
  SharedForm shared_form() const override { return SharedForm::own; }
  SharedBytes deflate(DataType, std::span<const std::byte> payload) override {
    return SharedBytes::copy_of(payload);
  }
  void close(std::uint16_t code, std::string_view reason) override;
  void pause() override;
  void resume() override;
  void hold() override;
  void release() override;
  bool is_open() const override { return !closed_; }
  std::size_t queued_bytes() const override { return stream_.queued_bytes(); }
  std::size_t max_outbox() const override { return options_->max_outbox; }
  std::string remote_addr() const override { return net::to_string(stream_.remote()); }
  net::Loop& loop() override { return stream_.loop(); }

 private:
  void on_bytes(std::span<std::byte> bytes) override;
  void on_end(error_code error) override;
  void on_drained() override;
  void on_timer() override;
  void go_on();
  bool has_room(std::size_t size);
  void count_sent(std::size_t size);

  net::Stream& stream_;
  Codecs& codecs_;
  std::shared_ptr<const WebSocketOptions> options_;
  std::unique_ptr<MessageHandler> handler_;
  std::unique_ptr<CloseInfo> closed_;
  SteadyTime last_read_;
  bool paused_ = false, held_ = false;
};

}  // namespace weft::transport
