// Packet: what travels over the bus in one piece: a head and envelopes.
//
//   version        1 byte
//   readable from  1 byte: readers of this version and later ones understand the packet's shape
//   sender         8 bytes: node id
//   number         8 bytes: one more for every packet of this sender on this subject
//   checksum       7 bytes, from version 2 on: an envelope of the kind `checksum` (3 bytes that are
//                  always the same), its body the CRC-32C of all bytes of the packet but these four
//   envelopes
//
// A node of version n reads packets of n+1 as long as `readable from` says so, and skips envelopes
// of kinds and with flags that it does not know: version 1 the checksum. Packets of version 1 have
// none and are read too. Input is untrusted: every length is checked.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wire/mesh/envelope.hpp"

namespace weft::mesh {

inline constexpr std::uint8_t kVersion = 2, kReadableFrom = 1;
inline constexpr std::size_t kHeadBytes = 25;

struct Head {
  std::uint8_t version = kVersion, readable_from = kReadableFrom;
  std::uint64_t sender = 0, number = 0;
};

/// Collects envelopes for one subject.
class PacketWriter {
 public:
  void add(const Envelope& envelope) { encode(envelope, bytes_); }
  bool is_empty() const { return bytes_.size() == kHeadBytes; }
  std::size_t size() const { return bytes_.size(); }
  /// The finished packet, good until the next add(), which begins a new one after clear().
  std::string_view finish(const Head& head);
  void clear() { bytes_.resize(kHeadBytes); }

 private:
  std::string bytes_ = std::string(kHeadBytes, '\0');
};

/// Writes the checksum into a packet whose other bytes stand; kHeadBytes at least.
void seal(std::span<std::byte> packet);

class PacketReader {
 public:
  enum class Problem : std::uint8_t {
    none,
    truncated,
    later_version,
    damaged  ///< it is not what was sent
  };

  explicit PacketReader(std::span<const std::byte> bytes);

  Problem problem() const { return problem_; }
  const Head& head() const { return head_; }

  /// false: there is no more. What is skipped on the way is counted in skipped(); after a size that
  /// does not fit, problem() is `truncated`.
  bool next(Envelope& envelope);
  std::size_t skipped() const { return skipped_; }

 private:
  Problem read_head(std::span<const std::byte> bytes);

  std::string_view left_;
  Head head_;
  Problem problem_ = Problem::none;
  std::size_t skipped_ = 0;
};

}  // namespace weft::mesh
