#include "wire/ws/decoder.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "wire/ws/close.hpp"
#include "wire/ws/deflate.hpp"
#include "wire/ws/error.hpp"
#include "wire/ws/mask.hpp"
#include "wire/ws/partial.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::ws {
namespace {

// What does not compress is stored in blocks with five bytes before each; zlib's smallest hold 127
// bytes.
constexpr std::size_t kDeflateGrowth = 16;

}  // namespace

/// One call of feed().
struct Decoder::Feeding {
  Decoder& decoder;
  std::span<std::byte> bytes;
  const DecoderLimits& limits;
  Inflater* inflater;
  DecoderSink& sink;
  std::size_t at = 0;
  bool go_on = true;

  std::span<std::byte> rest() const { return bytes.subspan(at); }
  bool is_in_message() const { return decoder.partial_ && decoder.partial_->in_message; }
  Partial& partial() {
    if (!decoder.partial_) decoder.partial_ = std::make_unique<Partial>();
    return *decoder.partial_;
  }

  bool take_whole_message(error_code& error);
  error_code step();
  std::span<const std::byte> stored_head(std::size_t stored);
  void store_head(std::span<const std::byte> front);
  error_code judge_fixed(std::byte first, std::byte second) const;
  error_code judge_size(const FrameHeader& frame) const;
  error_code begin_frame(const FrameHeader& frame);
  error_code continue_frame();
  error_code end_message();
  error_code deliver(Opcode kind, bool compressed, std::span<const std::byte> payload,
                     bool is_judged);
  error_code deliver_inflated(Opcode kind, std::span<const std::byte> payload);
  error_code deliver_control(Opcode opcode, std::span<const std::byte> payload);
  void forget_if_idle();
};

/// What nearly every frame is: a message in one frame that lies whole in `bytes`, not compressed,
/// with a length that needs no judging. Gives false for anything else, of which nothing was taken.
bool Decoder::Feeding::take_whole_message(error_code& error) {
  const std::span<std::byte> front = rest();
  if (decoder.partial_ || front.size() < 2 || limits.max_fragments == 0) return false;
  const auto first = std::to_integer<unsigned>(front[0]),
             second = std::to_integer<unsigned>(front[1]);
  constexpr unsigned kText = 0x81, kBinary = 0x82, kMask = 0x80;  // with FIN
  if ((first != kText && first != kBinary) || (second & kMask) != (limits.server ? kMask : 0))
    return false;
  std::size_t head = 2, size = second & ~kMask;
  if (size == 127) return false;
  if (size == 126) {
    if (front.size() < 4) return false;
    size = load_big_endian(front.subspan(2, 2));
    head = 4;
    if (size < 126) return false;
  }
  if (size > limits.max_message) return false;
  const std::size_t mask_size = limits.server ? 4 : 0;
  if (front.size() < head + mask_size + size) return false;

  const std::span<std::byte> payload = front.subspan(head + mask_size, size);
  if (limits.server) {
    MaskKey key;
    std::copy_n(front.begin() + static_cast<std::ptrdiff_t>(head), key.size(), key.begin());
    apply_mask(payload, key, 0);
  }
  at += head + mask_size + size;
  if (first == kText && !is_utf8(payload))
    error = WsErrc::bad_utf8;
  else
    go_on = sink.on_message(first == kText ? Opcode::text : Opcode::binary, payload);
  return true;
}

/// One frame, or as much of one as there is.
error_code Decoder::Feeding::step() {
  if (decoder.partial_ && decoder.partial_->in_frame) return continue_frame();
  const std::size_t stored = decoder.partial_ ? decoder.partial_->head_size : 0;
  const std::span<const std::byte> front = stored > 0 ? stored_head(stored) : rest();
  if (front.size() >= 2) {
    if (const error_code error = judge_fixed(front[0], front[1])) return error;
  }
  const Result<std::optional<FrameHeader>> header = parse_header(front);
  if (!header) return header.error();
  if (!*header) {
    store_head(front);
    return {};
  }
  at += (*header)->header_size - stored;
  if (stored > 0) partial().head_size = 0;
  return begin_frame(**header);
}

/// Rare: the last piece ended inside a header. Gives the beginning that was stored with what
/// follows it.
std::span<const std::byte> Decoder::Feeding::stored_head(std::size_t stored) {
  Partial& p = partial();
  const std::size_t taken = std::min(bytes.size() - at, p.head.size() - stored);
  std::copy_n(rest().begin(), taken, p.head.begin() + static_cast<std::ptrdiff_t>(stored));
  return std::span(p.head).first(stored + taken);
}

/// Consumes everything: it is the beginning of a header.
void Decoder::Feeding::store_head(std::span<const std::byte> front) {
  Partial& p = partial();
  if (front.data() != p.head.data()) std::ranges::copy(front, p.head.begin());
  p.head_size = front.size();
  at = bytes.size();
}

/// What the two fixed bytes say that parse_header() cannot judge, for it does not know our side nor
/// the message.
error_code Decoder::Feeding::judge_fixed(std::byte first, std::byte second) const {
  const auto opcode = static_cast<Opcode>(first & std::byte{0x0F});
  const bool rsv1 = (first & std::byte{0x40}) != std::byte{0};
  const bool masked = (second & std::byte{0x80}) != std::byte{0};
  const bool starts_message = opcode == Opcode::text || opcode == Opcode::binary;
  if (rsv1 && !(limits.deflate && starts_message)) return WsErrc::reserved_bits;
  if (masked != limits.server) return masked ? WsErrc::masked : WsErrc::not_masked;
  if (starts_message && is_in_message()) return WsErrc::expected_continuation;
  if (opcode == Opcode::continuation && !is_in_message()) return WsErrc::unexpected_continuation;
  return {};
}

/// Before the first byte of payload: the announced size alone can be too much.
error_code Decoder::Feeding::judge_size(const FrameHeader& frame) const {
  const bool continues = frame.opcode == Opcode::continuation;
  const std::size_t before = continues ? decoder.partial_->message.size() : 0;
  const std::size_t fragments = continues ? decoder.partial_->fragments : 0;
  const bool compressed = continues ? decoder.partial_->compressed : frame.rsv1;
  // What does not compress grows a little: a message of exactly max_message bytes must still pass.
  const std::size_t slack = compressed ? limits.max_message / kDeflateGrowth + 64 : 0;
  const std::size_t most = limits.max_message + std::min(slack, SIZE_MAX - limits.max_message);
  if (frame.payload_size > most - before) return WsErrc::message_too_big;
  if (fragments >= limits.max_fragments) return WsErrc::too_many_fragments;
  return {};
}

error_code Decoder::Feeding::begin_frame(const FrameHeader& frame) {
  const bool control = is_control(frame.opcode);
  if (!control) {
    if (const error_code error = judge_size(frame)) return error;
  }
  // All of it is here: no copy. That is what nearly every frame looks like.
  const bool whole = frame.payload_size <= bytes.size() - at;
  if (whole && (control || (frame.fin && frame.opcode != Opcode::continuation))) {
    const std::span<std::byte> payload =
        bytes.subspan(at, static_cast<std::size_t>(frame.payload_size));
    at += payload.size();
    if (frame.mask) apply_mask(payload, *frame.mask, 0);
    forget_if_idle();
    return control ? deliver_control(frame.opcode, payload)
                   : deliver(frame.opcode, frame.rsv1, payload, false);
  }

  Partial& p = partial();
  p.in_frame = true;
  p.frame = frame;
  p.received = 0;
  if (control) return continue_frame();
  if (frame.opcode != Opcode::continuation) {
    p.in_message = true;
    p.kind = frame.opcode;
    p.compressed = frame.rsv1;
    p.fragments = 0;
  }
  ++p.fragments;
  return continue_frame();
}

/// Takes what is here of the payload of partial().frame.
error_code Decoder::Feeding::continue_frame() {
  Partial& p = partial();
  const auto missing = static_cast<std::size_t>(p.frame.payload_size - p.received);
  const std::span<std::byte> piece = rest().first(std::min(missing, bytes.size() - at));
  if (p.frame.mask) apply_mask(piece, *p.frame.mask, static_cast<std::size_t>(p.received));
  at += piece.size();
  const bool control = is_control(p.frame.opcode);
  if (control) {
    std::ranges::copy(piece, p.control.begin() + static_cast<std::ptrdiff_t>(p.received));
  } else if (!p.append(piece)) {
    return WsErrc::bad_utf8;
  }
  p.received += piece.size();
  if (p.received < p.frame.payload_size) return {};
  p.in_frame = false;
  if (!control) return p.frame.fin ? end_message() : error_code{};

  const std::array<std::byte, kMaxControlPayload> payload = p.control;
  const Opcode opcode = p.frame.opcode;
  const auto size = static_cast<std::size_t>(p.received);
  forget_if_idle();
  return deliver_control(opcode, std::span(payload).first(size));
}

error_code Decoder::Feeding::end_message() {
  const std::unique_ptr<Partial> p = std::exchange(decoder.partial_, nullptr);
  if (!p->utf8.is_complete()) return WsErrc::bad_utf8;
  return deliver(p->kind, p->compressed, p->message, true);
}

error_code Decoder::Feeding::deliver(Opcode kind, bool compressed,
                                     std::span<const std::byte> payload, bool is_judged) {
  if (compressed) return deliver_inflated(kind, payload);
  if (kind == Opcode::text && !is_judged && !is_utf8(payload)) return WsErrc::bad_utf8;
  go_on = sink.on_message(kind, payload);
  return {};
}

error_code Decoder::Feeding::deliver_inflated(Opcode kind, std::span<const std::byte> payload) {
  check(inflater != nullptr, "a decoder with deflate needs an inflater");
  const Result<std::span<const std::byte>> message = inflater->inflate(payload, limits.max_message);
  if (!message) return message.error();
  if (kind == Opcode::text && !is_utf8(*message)) return WsErrc::bad_utf8;
  // The sink may wake another connection that shares this inflater, in the middle of our message.
  std::vector<std::byte> memory = inflater->take_memory();
  go_on = sink.on_message(kind, *message);
  inflater->give_back(std::move(memory));
  return {};
}

error_code Decoder::Feeding::deliver_control(Opcode opcode, std::span<const std::byte> payload) {
  if (opcode == Opcode::ping) {
    go_on = sink.on_ping(payload);
  } else if (opcode == Opcode::pong) {
    go_on = sink.on_pong(payload);
  } else {
    const Result<CloseFrame> close = parse_close(payload);
    if (!close) return close.error();
    decoder.ended_ = true;
    go_on = sink.on_close(close->code, close->reason);
  }
  return {};
}

/// Gives the buffer back when it was borrowed for a header or a control frame only.
void Decoder::Feeding::forget_if_idle() {
  if (decoder.partial_ && !decoder.partial_->in_message) decoder.partial_.reset();
}

Decoder::Decoder() = default;
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Decoder::Fed Decoder::feed(std::span<std::byte> bytes, const DecoderLimits& limits,
                           Inflater* inflater, DecoderSink& sink) {
  Feeding feeding{*this, bytes, limits, inflater, sink};
  while (feeding.go_on && !ended_ && feeding.at < bytes.size()) {
    error_code error;
    if (!feeding.take_whole_message(error)) error = feeding.step();
    if (error) {
      ended_ = true;
      partial_.reset();
      return {feeding.at, error};
    }
  }
  if (ended_) {
    partial_.reset();
    return {feeding.go_on ? bytes.size() : feeding.at, {}};
  }
  return {feeding.at, {}};
}

}  // namespace weft::ws
