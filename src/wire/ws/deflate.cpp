#include "wire/ws/deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/check.hpp"
#include "wire/ws/error.hpp"

namespace weft::ws {
namespace {

// What Z_SYNC_FLUSH ends with, an empty stored block: RFC 7692 leaves it off the wire.
constexpr std::array<std::byte, 4> kTail{std::byte{0}, std::byte{0}, std::byte{0xFF},
                                         std::byte{0xFF}};
constexpr std::array<std::byte, 1> kEmptyMessage{std::byte{0}};
// zlib's default of 8 zeroes a hash table of 64 KiB before every message, 6 one of 16 KiB: 256
// bytes cost 2.5 us instead of 3.8 (bench/micro) and 64 KiB of JSON grow by 0.3 %. A kept
// context is 160 KiB instead of 256.
constexpr int kMemoryLevel = 6;
constexpr std::size_t kFirstBuffer = 4 << 10;
constexpr std::size_t kKeptBuffer = 256 << 10;  // a larger one is given back at the next call

Bytef* in_pointer(std::span<const std::byte> bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

/// zlib counts in 32 bits.
uInt clamp(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

/// Output that grows as it fills and is kept between messages while it is small.
class Output {
 public:
  void start(z_stream& z) {
    if (bytes_.size() > kKeptBuffer) bytes_ = {};
    size_ = 0;
    z.avail_out = 0;
  }

  /// Gives `z` room to write, at most so much that `limit` bytes are there in the end.
  void offer(z_stream& z, std::size_t limit) {
    if (size_ == bytes_.size())
      bytes_.resize(std::clamp(bytes_.size() * 2, kFirstBuffer, std::max(limit, kFirstBuffer)));
    room_ = clamp(std::min(bytes_.size(), limit) - size_);
    z.next_out = reinterpret_cast<Bytef*>(bytes_.data() + size_);
    z.avail_out = room_;
  }
  void take(const z_stream& z) { size_ += room_ - z.avail_out; }

  std::vector<std::byte> take_memory() { return std::exchange(bytes_, {}); }
  void give_back(std::vector<std::byte> memory) {
    if (bytes_.empty()) bytes_ = std::move(memory);
  }

  std::size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }

 private:
  std::vector<std::byte> bytes_;
  std::size_t size_ = 0;
  uInt room_ = 0;
};

}  // namespace

struct Deflater::Stream {
  z_stream z{};
  Output out;
  bool keeps_context = false;
  bool is_fresh = true;

  Stream(int window_bits, bool keeps, int level) : keeps_context(keeps) {
    check(window_bits >= 9 && window_bits <= 15,
          "zlib makes raw streams with windows of 9 to 15 bits");
    check(
        deflateInit2(&z, level, Z_DEFLATED, -window_bits, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK,
        "zlib refused to start a compressor");
  }
  Stream(const Stream&) = delete;  // zlib keeps a pointer to `z`
  ~Stream() { deflateEnd(&z); }
};

Deflater::Deflater(int window_bits, bool keeps_context, int level)
    : stream_(std::make_unique<Stream>(window_bits, keeps_context, level)) {}
Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;

std::span<const std::byte> Deflater::compress(std::span<const std::byte> message) {
  if (message.empty()) return kEmptyMessage;  // RFC 7692 section 7.2.3.6
  if (!stream_->keeps_context) reset();
  stream_->is_fresh = false;
  z_stream& z = stream_->z;
  Output& out = stream_->out;
  out.start(z);
  do {
    const std::span<const std::byte> piece = message.first(clamp(message.size()));
    message = message.subspan(piece.size());
    z.next_in = in_pointer(piece);
    z.avail_in = clamp(piece.size());
    do {
      out.offer(z, std::numeric_limits<std::size_t>::max());
      deflate(&z, message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      out.take(z);
    } while (z.avail_out == 0);
  } while (!message.empty());
  check(out.size() > kTail.size(), "a flushed deflate stream ends in an empty block");
  return out.bytes().first(out.size() - kTail.size());
}

void Deflater::reset() {
  if (!std::exchange(stream_->is_fresh, true)) deflateReset(&stream_->z);
}

struct Inflater::Stream {
  z_stream z{};
  Output out;
  bool keeps_context = false;

  Stream(int window_bits, bool keeps) : keeps_context(keeps) {
    check(window_bits >= 8 && window_bits <= 15, "windows have 8 to 15 bits");
    check(inflateInit2(&z, -window_bits) == Z_OK, "zlib refused to start a decompressor");
  }
  Stream(const Stream&) = delete;  // zlib keeps a pointer to `z`
  ~Stream() { inflateEnd(&z); }

  enum class End { block, stream };

  /// Inflates all of `in`. Tells whether its last byte ended the stream (a block marked as the last
  /// one).
  Result<End> run(std::span<const std::byte> in, std::size_t max_size) {
    End end = End::block;
    z.next_in = in_pointer(in);
    z.avail_in = clamp(in.size());
    for (;;) {
      out.offer(z, max_size == SIZE_MAX ? SIZE_MAX : max_size + 1);
      const int code = ::inflate(&z, Z_SYNC_FLUSH);
      out.take(z);
      if (out.size() > max_size) return WsErrc::message_too_big;
      end = code == Z_STREAM_END ? End::stream : End::block;
      // A sender may mark blocks as the last ones (section 7.2.3.4); what follows goes on with the
      // same window.
      if (end == End::stream)
        inflateResetKeep(&z);
      else if (code != Z_OK && code != Z_BUF_ERROR)
        return WsErrc::bad_deflate;
      if (z.avail_in == 0 && z.avail_out > 0) return end;
    }
  }

  /// Whether the last thing read was a whole block that ended on a byte.
  bool is_between_blocks() const { return (z.data_type & 128) && !(z.data_type & 63); }
};

Inflater::Inflater(int window_bits, bool keeps_context)
    : stream_(std::make_unique<Stream>(window_bits, keeps_context)) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

Result<std::span<const std::byte>> Inflater::inflate(std::span<const std::byte> payload,
                                                     std::size_t max_size) {
  Stream& stream = *stream_;
  stream.out.start(stream.z);
  Result<Stream::End> end = payload.size() <= std::numeric_limits<uInt>::max()
                                ? stream.run(payload, max_size)
                                : Result<Stream::End>(WsErrc::message_too_big);
  // A stream that ends with its last block needs no tail; one that goes on needs it to end its last
  // block.
  if (end && *end == Stream::End::block) {
    end = stream.run(kTail, max_size);
    if (end && (*end == Stream::End::stream || !stream.is_between_blocks()))
      end = WsErrc::bad_deflate;
  }
  if (!end || !stream.keeps_context) reset();
  if (!end) return end.error();
  return stream.out.bytes();
}

void Inflater::reset() { inflateReset(&stream_->z); }

std::vector<std::byte> Inflater::take_memory() { return stream_->out.take_memory(); }
void Inflater::give_back(std::vector<std::byte> memory) {
  // An inflater with a context belongs to one connection, which may be idle for long.
  if (!stream_->keeps_context) stream_->out.give_back(std::move(memory));
}

}  // namespace weft::ws
