// Makes connection ids: 41-bit milliseconds since 2026, 12-bit node slot, 10-bit sequence.
// The sequence of loop i of n is i, i+n, i+2n …: a loop makes ids alone, without a lock, and
// loop_of() finds the loop of any id without a table.
#pragma once
#include <cstdint>

#include "weft/types.hpp"

namespace weft {

class IdMaker {
 public:
  /// `slot` below 4096; `loop` below `loops`, which is at most 64.
  IdMaker(unsigned slot, unsigned loop, unsigned loops);

  /// A new id, above every one this maker gave before, also when the clock steps back.
  /// `now` in milliseconds since 2026 (millis_since_2026()).
  ConnectionId next(std::int64_t now);

 private:
  std::int64_t slot_;
  unsigned loop_, loops_;
  std::int64_t millis_ = 0;
  unsigned sequence_;
};

/// When it was given, in milliseconds since 2026; a burst of ids may run ahead of the clock.
std::int64_t millis_of(ConnectionId id);
unsigned loop_of(ConnectionId id, unsigned loops);
unsigned slot_of(ConnectionId id);

}  // namespace weft
