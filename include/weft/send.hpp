// What became of something that was sent. Never a bare true.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft {

/// queued: in the connection's outbox, it leaves in order. dropped: the outbox is full, see
/// max_outbox and when_slow. gone: there is no such connection (any more).
enum class SendStatus : std::uint8_t { queued, dropped, gone };

constexpr std::string_view to_string(SendStatus status) {
  return status == SendStatus::queued    ? "queued"
         : status == SendStatus::dropped ? "dropped"
                                         : "gone";
}

/// The same of many connections at once.
struct Delivered {
  std::size_t queued = 0, dropped = 0, gone = 0;
  std::size_t unreachable = 0;  ///< nodes that did not say in time what became of it there

  std::size_t total() const { return queued + dropped + gone; }
  void add(SendStatus status) {
    ++(status == SendStatus::queued ? queued : status == SendStatus::dropped ? dropped : gone);
  }
  Delivered& operator+=(const Delivered& other) {
    queued += other.queued, dropped += other.dropped, gone += other.gone;
    unreachable += other.unreachable;
    return *this;
  }
};

}  // namespace weft
