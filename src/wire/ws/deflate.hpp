// Compression of whole messages (RFC 7692 section 7.2). The only place that knows zlib. Without
// context takeover one Deflater and one Inflater serve all connections of a loop; with it each
// connection owns its own pair.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "weft/result.hpp"

namespace weft::ws {

class Deflater {
 public:
  /// `window_bits` 9 to 15; `level` 1 (quick) to 9 (small).
  explicit Deflater(int window_bits = 15, bool keeps_context = false, int level = 6);
  ~Deflater();
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;

  /// The payload of one compressed message, without the tail 00 00 ff ff. Lives until the next
  /// call.
  std::span<const std::byte> compress(std::span<const std::byte> message);

  /// Forgets the context; what a Deflater that keeps no context does by itself before every
  /// message.
  void reset();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

class Inflater {
 public:
  /// `window_bits` 8 to 15: 15 reads every stream.
  explicit Inflater(int window_bits = 15, bool keeps_context = false);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// The message in `payload`, which lacks its tail. Lives until the next call, or with the memory
  /// that take_memory() gives.
  ///
  /// Never makes more than `max_size` + 1 bytes of output; memory beside it is bounded by a window.
  /// Errors: message_too_big, bad_deflate (corrupt, or cut off). After one the context is gone.
  Result<std::span<const std::byte>> inflate(std::span<const std::byte> payload,
                                             std::size_t max_size);

  void reset();

  /// The memory of the last message: keeps it alive while the inflater is used for others.
  std::vector<std::byte> take_memory();
  /// Gives such memory back for the next message.
  void give_back(std::vector<std::byte> memory);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace weft::ws
