#include "base/ids.hpp"

#include "base/check.hpp"

namespace weft {
namespace {

constexpr unsigned kSequenceBits = 10, kSlotBits = 12;
constexpr unsigned kSequences = 1u << kSequenceBits;

}  // namespace

IdMaker::IdMaker(unsigned slot, unsigned loop, unsigned loops)
    : slot_(slot), loop_(loop), loops_(loops), sequence_(loop) {
  check(slot < (1u << kSlotBits), "a node slot has 12 bits");
  check(loops <= 64 && loop < loops, "at most 64 loops share the sequence");
}

ConnectionId IdMaker::next(std::int64_t now) {
  // Each loop keeps to its own residue of the sequence; the last, partial round is left unused.
  if (now > millis_) {
    millis_ = now;
    sequence_ = loop_;
  } else if (sequence_ + loops_ < kSequences / loops_ * loops_) {
    sequence_ += loops_;
  } else {
    ++millis_;  // more ids than one millisecond holds: borrow from the next one
    sequence_ = loop_;
  }
  return ConnectionId{millis_ << (kSlotBits + kSequenceBits) | slot_ << kSequenceBits | sequence_};
}

std::int64_t millis_of(ConnectionId id) {
  return static_cast<std::int64_t>(id) >> (kSlotBits + kSequenceBits);
}

unsigned loop_of(ConnectionId id, unsigned loops) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(id) & (kSequences - 1)) % loops);
}

unsigned slot_of(ConnectionId id) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(id) >> kSequenceBits) &
                               ((1u << kSlotBits) - 1));
}

}  // namespace weft
