#include "transport/websocket_connection.hpp"

#include <fmt/format.h>

#include "transport/room.hpp"
#include "weft/codes.hpp"
#include "wire/ws/close.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/frame.hpp"

namespace weft::transport {

namespace {

constexpr Millis kLookAgain{1000};  // at a connection that we ourselves do not read

constexpr ws::Opcode opcode_of(DataType type) {
  return type == DataType::text ? ws::Opcode::text : ws::Opcode::binary;
}

}  // namespace

WebSocketConnection::WebSocketConnection(net::Stream& stream, Codecs& codecs,
                                         std::shared_ptr<const WebSocketOptions> options,
                                         const std::optional<ws::DeflateParams>& deflate,
                                         const std::string& remote)
    : stream_(stream),
      codecs_(codecs),
      options_(std::move(options)),
      silence_(stream.loop().now()) {
  if (!remote.empty()) rare().remote = remote;
  deflates_ = deflate.has_value();
  if (!deflate) return;
  const int bits = deflate->server_max_window_bits.value_or(15);
  // The loop's deflater has a window of 15 bits; a client that asked for less gets one of its own.
  if (!deflate->server_no_context_takeover)
    rare().deflater.emplace(bits, true);
  else if (bits != 15)
    rare().deflater.emplace(bits, false);
  if (!deflate->client_no_context_takeover) rare().inflater.emplace(15, true);
}

WebSocketConnection::~WebSocketConnection() = default;

WebSocketConnection::Rare& WebSocketConnection::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

void WebSocketConnection::start(const Make& make) {
  codecs_.counters.upgraded.add();
  watch_silence();
  handler_ = make(*this);
}

// --- bytes in

void WebSocketConnection::on_bytes(std::span<std::byte> bytes) {
  silence_.heard(stream_.loop().now());
  if (!is_stopped()) return feed(bytes);
  std::vector<std::byte>& early = rare().early;
  early.insert(early.end(), bytes.begin(), bytes.end());
}

void WebSocketConnection::feed(std::span<std::byte> bytes) {
  const ws::DecoderLimits limits{.max_message = options_->max_message,
                                 .max_fragments = options_->max_fragments,
                                 .server = true,
                                 .deflate = deflates_};
  feeding_ = true;
  const auto [consumed, error] =
      decoder_.feed(bytes, limits, deflates_ ? &inflater() : nullptr, *this);
  feeding_ = false;
  if (error) return fail(error);
  if (!is_stopped() || told_) return;
  if (consumed < bytes.size())
    rare().early.assign(bytes.begin() + static_cast<std::ptrdiff_t>(consumed), bytes.end());
  stream_.pause_reading();
}

bool WebSocketConnection::on_message(ws::Opcode kind, std::span<const std::byte> payload) {
  if (close_sent_ || !within_rate()) return true;
  codecs_.counters.messages_in.add();
  codecs_.counters.bytes_in.add(payload.size());
  resumed_ = false;
  const bool more =
      handler_->on_message(kind == ws::Opcode::text ? DataType::text : DataType::binary, payload);
  if (!more && !resumed_) stopped_ = true;
  return !is_stopped();
}

bool WebSocketConnection::on_ping(std::span<const std::byte> payload) {
  if (close_sent_ || !within_rate()) return true;
  // A peer that does not read has one pong waiting, that of its newest ping (RFC 6455 section
  // 5.5.3).
  SharedBytes pong = ws::encode_frame(ws::Opcode::pong, payload);
  if (stream_.is_blocked())
    rare().pong = std::move(pong);
  else
    stream_.write(pong);
  return true;
}

bool WebSocketConnection::on_pong(std::span<const std::byte> /*payload*/) {
  within_rate();
  return true;
}

bool WebSocketConnection::on_close(std::uint16_t code, std::string_view reason) {
  if (!close_sent_) {
    rare().closed = {code, std::string(reason), ClosedBy::client};
    send_close(code, reason);
  }
  stream_.finish();
  tell_closed();
  return true;
}

bool WebSocketConnection::count_against_rate() {
  const SteadyTime now = stream_.loop().now();
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    this_second_ = 0;
  }
  if (++this_second_ <= options_->max_messages_per_second) return true;
  if (!close_sent_)
    close_as(close_code::kPolicy,
             fmt::format("more than {} messages in a second (max_messages_per_second)",
                         options_->max_messages_per_second),
             codecs_.counters.closed_rate);
  return false;
}

void WebSocketConnection::pause() {
  if (!std::exchange(stopped_, true)) stop_reading();
}

void WebSocketConnection::resume() {
  resumed_ = true;
  if (std::exchange(stopped_, false)) go_on();
}

void WebSocketConnection::hold() {
  if (!std::exchange(held_, true)) stop_reading();
}

void WebSocketConnection::release() {
  if (std::exchange(held_, false)) go_on();
}

void WebSocketConnection::stop_reading() {
  if (!feeding_ && is_open()) stream_.pause_reading();
}

void WebSocketConnection::go_on() {
  if (is_stopped() || feeding_) return;
  if (rare_ && !rare_->early.empty()) {
    std::vector<std::byte> early = std::exchange(rare_->early, {});
    feed(early);
  }
  if (is_stopped()) return;
  silence_.heard(stream_.loop().now());
  stream_.resume_reading();
}

// --- bytes out

SendResult WebSocketConnection::send(DataType type, std::span<const std::byte> payload) {
  if (close_sent_ || told_) return SendResult::closed;
  if (deflates_ && payload.size() >= options_->compress_above) return queue(deflate(type, payload));
  if (is_droppable()) return queue(ws::encode_frame(opcode_of(type), payload));
  const ws::FrameHead head(opcode_of(type), payload.size());
  if (!has_room(head.size() + payload.size())) return refused();
  stream_.write_copy(head.bytes(), payload);
  count_sent(head.size() + payload.size());
  return SendResult::queued;
}

SendResult WebSocketConnection::send_frame(const SharedBytes& frame) {
  if (close_sent_ || told_) return SendResult::closed;
  return queue(frame);
}

SharedForm WebSocketConnection::shared_form() const {
  if (!deflates_) return SharedForm::plain;
  return rare_ && rare_->deflater ? SharedForm::own : SharedForm::deflated;
}

SharedBytes WebSocketConnection::deflate(DataType type, std::span<const std::byte> payload) {
  return ws::encode_frame(opcode_of(type), deflater().compress(payload), true);
}

// A frame that carries a compression context may not be missed, so it may not be dropped later.
bool WebSocketConnection::is_droppable() const {
  return options_->when_slow == SlowPolicy::drop_oldest && shared_form() != SharedForm::own;
}

SendResult WebSocketConnection::queue(const SharedBytes& frame) {
  const std::size_t size = frame.size();
  if (!has_room(size)) return refused();
  stream_.write(frame, is_droppable());
  count_sent(size);
  return SendResult::queued;
}

void WebSocketConnection::count_sent(std::size_t size) {
  codecs_.counters.messages_out.add();
  codecs_.counters.bytes_out.add(size);
}

bool WebSocketConnection::has_room(std::size_t size) {
  if (!stream_.is_blocked() && stream_.queued_bytes() + size <= options_->max_outbox) return true;
  const Room room = make_room(stream_, size, *options_, codecs_.counters);
  if (room == Room::too_slow || room == Room::node_full)
    close(close_code::kSlow, slow_reason(room, *options_));
  return room == Room::yes;
}

// --- the end

void WebSocketConnection::close(std::uint16_t code, std::string_view reason) {
  if (close_sent_ || told_) return;
  rare().closed = {code, std::string(reason), ClosedBy::server};
  send_close(code, reason);
  stream_.set_timer(options_->close_timeout);
  if (is_stopped() && !feeding_) stream_.resume_reading();  // to hear the answer
  stopped_ = held_ = false;
  rare_->early = {};
}

void WebSocketConnection::close_as(std::uint16_t code, std::string reason,
                                   metrics::Counter& counter) {
  counter.add();
  close(code, reason);
}

void WebSocketConnection::send_close(std::uint16_t code, std::string_view reason) {
  const std::string payload = ws::encode_close(code, reason);
  stream_.write(ws::encode_frame(ws::Opcode::close, as_bytes(payload)));
  close_sent_ = true;
}

// The peer broke the protocol (RFC 6455 section 7.1.7): say why and read no further.
void WebSocketConnection::fail(error_code error) {
  codecs_.counters.closed_protocol.add();
  if (!close_sent_) {
    const CloseInfo& why =
        rare().closed.emplace(CloseInfo{ws::close_code(error), error.message(), ClosedBy::server});
    send_close(why.code, why.reason);
  }
  stream_.finish();
  tell_closed();
}

void WebSocketConnection::on_end(error_code error) {
  if (!rare().closed) rare_->closed = {1006, error.message(), ClosedBy::network};
  tell_closed();
}

void WebSocketConnection::tell_closed() {
  if (std::exchange(told_, true)) return;
  handler_->on_close(*rare_->closed);
}

void WebSocketConnection::on_drained() {
  if (rare_ && rare_->pong && !close_sent_) stream_.write(std::exchange(rare_->pong, {}));
  if (!told_) handler_->on_drained();
}

// --- silence

void WebSocketConnection::on_timer() {
  if (close_sent_) return stream_.abort({});
  if (is_stopped()) return watch_silence();  // it may be us who do not read
  const SteadyTime now = stream_.loop().now();
  switch (silence_.judge(now, *options_)) {
    case Silence::Verdict::silent:
      return close_as(
          close_code::kNoPong,
          fmt::format("nothing came for {} ms (read_timeout)", silence_.silent_for(now).count()),
          codecs_.counters.closed_silent);
    case Silence::Verdict::no_pong:
      return close_as(
          close_code::kNoPong,
          fmt::format("no pong within {} ms (pong_timeout)", options_->pong_timeout.count()),
          codecs_.counters.closed_no_pong);
    case Silence::Verdict::ping:
      stream_.write(codecs_.ping);
      break;
    case Silence::Verdict::wait:
      break;
  }
  watch_silence();
}

void WebSocketConnection::watch_silence() {
  if (is_stopped()) return stream_.set_timer(kLookAgain);
  const Millis next = silence_.next(stream_.loop().now(), *options_);
  if (next != Millis::max()) stream_.set_timer(next);
}

std::string WebSocketConnection::remote_addr() const {
  return rare_ && !rare_->remote.empty() ? rare_->remote : net::to_string(stream_.remote());
}

ws::Deflater& WebSocketConnection::deflater() {
  return rare_ && rare_->deflater ? *rare_->deflater : codecs_.deflater;
}
ws::Inflater& WebSocketConnection::inflater() {
  return rare_ && rare_->inflater ? *rare_->inflater : codecs_.inflater;
}

}  // namespace weft::transport
