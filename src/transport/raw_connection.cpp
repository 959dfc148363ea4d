#include "transport/raw_connection.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>

#include "transport/room.hpp"
#include "weft/codes.hpp"

namespace weft::transport {

RawConnection::RawConnection(net::Stream& stream, Codecs& codecs,
                             std::shared_ptr<const WebSocketOptions> options)
    : stream_(stream),
      codecs_(codecs),
      options_(std::move(options)),
      last_read_(stream.loop().now()) {}

void RawConnection::start(const Make& make) {
  if (options_->read_timeout.count()) stream_.set_timer(options_->read_timeout);
  handler_ = make(*this);
}

void RawConnection::on_bytes(std::span<std::byte> bytes) {
  if (closed_) return;
  last_read_ = stream_.loop().now();
  codecs_.counters.bytes_in.add(bytes.size());
  codecs_.counters.messages_in.add();
  if (!handler_->on_message(DataType::binary, bytes)) pause();
}

SendResult RawConnection::send(DataType /*type*/, std::span<const std::byte> payload) {
  if (options_->when_slow == SlowPolicy::drop_oldest)
    return send_frame(SharedBytes::copy_of(payload));
  if (!has_room(payload.size())) return SendResult::closed;
  stream_.write_copy(payload);
  count_sent(payload.size());
  return SendResult::queued;
}

SendResult RawConnection::send_frame(const SharedBytes& bytes) {
  if (!has_room(bytes.size())) return closed_ ? SendResult::closed : SendResult::dropped;
  stream_.write(bytes, options_->when_slow == SlowPolicy::drop_oldest);
  count_sent(bytes.size());
  return SendResult::queued;
}

void RawConnection::count_sent(std::size_t size) {
  codecs_.counters.messages_out.add();
  codecs_.counters.bytes_out.add(size);
}

bool RawConnection::has_room(std::size_t size) {
  if (closed_) return false;
  const Room room = make_room(stream_, size, *options_, codecs_.counters);
  if (room == Room::too_slow || room == Room::node_full)
    close(close_code::kSlow, slow_reason(room, *options_));
  return room == Room::yes;
}

void RawConnection::close(std::uint16_t code, std::string_view reason) {
  if (closed_) return;
  closed_ = std::make_unique<CloseInfo>(CloseInfo{code, std::string(reason), ClosedBy::server});
  stream_.finish();
}

void RawConnection::pause() {
  paused_ = true;
  stream_.pause_reading();
}

void RawConnection::resume() {
  paused_ = false;
  go_on();
}

void RawConnection::hold() {
  held_ = true;
  stream_.pause_reading();
}

void RawConnection::release() {
  held_ = false;
  go_on();
}

void RawConnection::go_on() {
  if (paused_ || held_) return;
  last_read_ = stream_.loop().now();
  stream_.resume_reading();
}

void RawConnection::on_end(error_code error) {
  const bool by_client = error == boost::asio::error::eof;
  if (!closed_)
    closed_ = std::make_unique<CloseInfo>(
        CloseInfo{by_client ? std::uint16_t{1000} : std::uint16_t{1006}, error.message(),
                  by_client ? ClosedBy::client : ClosedBy::network});
  handler_->on_close(*closed_);
}

void RawConnection::on_drained() { handler_->on_drained(); }

void RawConnection::on_timer() {
  if (paused_ || held_)
    return stream_.set_timer(options_->read_timeout);  // it is us who do not read
  const Millis silent = std::chrono::duration_cast<Millis>(stream_.loop().now() - last_read_);
  if (silent < options_->read_timeout) return stream_.set_timer(options_->read_timeout - silent);
  codecs_.counters.closed_silent.add();
  close(close_code::kNoPong, fmt::format("nothing came for {} ms (read_timeout)", silent.count()));
}

}  // namespace weft::transport
