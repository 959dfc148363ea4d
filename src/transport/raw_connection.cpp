#include "transport/raw_connection.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>

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
  return send_frame(SharedBytes::copy_of(payload));
}

SendResult RawConnection::send_frame(const SharedBytes& bytes) {
  if (closed_) return SendResult::closed;
  if (!make_room(bytes.size())) return closed_ ? SendResult::closed : SendResult::dropped;
  stream_.write(bytes, options_->when_slow == SlowPolicy::drop_oldest);
  codecs_.counters.messages_out.add();
  codecs_.counters.bytes_out.add(bytes.size());
  return SendResult::queued;
}

bool RawConnection::make_room(std::size_t size) {
  const std::size_t limit = options_->max_outbox;
  if (stream_.queued_bytes() + size <= limit) return true;
  stream_.send_now();
  if (stream_.queued_bytes() + size <= limit) return true;
  if (options_->when_slow == SlowPolicy::drop_oldest) {
    codecs_.counters.dropped_oldest.add(stream_.drop_oldest(size < limit ? limit - size : 0));
    return stream_.queued_bytes() + size <= limit;
  }
  codecs_.counters.dropped_slow.add();
  codecs_.counters.closed_slow.add();
  close(close_code::kSlow, fmt::format("slow: more than {} bytes wait (max_outbox)", limit));
  return false;
}

void RawConnection::close(std::uint16_t code, std::string_view reason) {
  if (closed_) return;
  closed_ = std::make_unique<CloseInfo>(CloseInfo{code, std::string(reason), ClosedBy::server});
  stream_.finish();
}

void RawConnection::pause() { stream_.pause_reading(); }

void RawConnection::resume() {
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
  const Millis silent = std::chrono::duration_cast<Millis>(stream_.loop().now() - last_read_);
  if (silent < options_->read_timeout) return stream_.set_timer(options_->read_timeout - silent);
  codecs_.counters.closed_silent.add();
  close(close_code::kNoPong, fmt::format("nothing came for {} ms (read_timeout)", silent.count()));
}

}  // namespace weft::transport
