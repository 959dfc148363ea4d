// Outbox: what waits to be sent on one stream, in order. Small frames that meet here are joined, so
// that a turn's answers leave as one part of one send(); shared frames are joined once for all the
// outboxes in which the same two meet. The rest is shared, never copied.
//
// Invariants: the first entry may be partly sent, and is then never joined to anything. Droppable
// frames stay entries of their own. An empty outbox owns no memory, and blocks come from the
// thread's pool.
#pragma once
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/shared_bytes.hpp"

namespace weft::net {

/// The loop's memory of the last two shared frames that were joined: where they meet again, in the
/// outbox of the next subscriber, nothing is copied.
struct Joined {
  SharedBytes left, right, both;
};

class Outbox {
 public:
  /// Frames above this size are left alone; so are joined ones when they have reached it.
  static constexpr std::size_t kJoinBelow = 4 << 10;

  /// An entry of its own. `droppable`: drop_oldest() may take it out while no byte of it was sent.
  void push(SharedBytes bytes, bool droppable = false);
  /// A frame that other outboxes get too; joined to what it follows unless it is droppable.
  void push_shared(const SharedBytes& bytes, bool droppable, Joined& joined);
  /// A frame of this stream alone, copied: `head` and `body` behind it.
  void append(std::span<const std::byte> head, std::span<const std::byte> body);

  bool empty() const { return !first_.bytes; }
  std::size_t bytes() const { return bytes_; }

  /// Fills `out` with what comes next; gives how many entries are used.
  std::size_t gather(std::span<iovec> out) const;
  /// `size` bytes from the front were sent.
  void consume(std::size_t size);
  /// Takes out the oldest droppable frames until at most `limit` bytes are left; gives how many
  /// frames went.
  std::size_t drop_oldest(std::size_t limit);
  /// Takes out everything but a frame that is partly sent.
  void drop_unsent();

 private:
  struct Entry {
    SharedBytes bytes;
    bool droppable = false;
  };
  struct Rest {
    std::vector<Entry> entries;
    std::size_t head = 0;  // entries[head...] follow first_
  };
  Entry* last_to_join(std::size_t more);
  void next();

  Entry first_;                 // one frame needs no list
  std::unique_ptr<Rest> rest_;  // empty while there is nothing behind first_
  std::size_t sent_ = 0;        // bytes of first_ that are gone
  std::size_t bytes_ = 0;
};

}  // namespace weft::net
