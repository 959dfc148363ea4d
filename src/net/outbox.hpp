// Outbox: what waits to be sent on one stream, in order. Frames are shared, never copied; the first
// one may be partly sent. An empty outbox owns no memory of its own.
#pragma once
#include <sys/uio.h>

#include <span>
#include <vector>

#include "base/shared_bytes.hpp"

namespace weft::net {

class Outbox {
 public:
  /// `droppable`: drop_oldest() may take it out while no byte of it was sent.
  void push(SharedBytes bytes, bool droppable);

  bool empty() const { return !first_.bytes; }
  std::size_t bytes() const { return bytes_; }

  /// Fills `out` with what comes next; gives how many entries are used.
  std::size_t gather(std::span<iovec> out) const;
  /// `size` bytes from the front were sent.
  void consume(std::size_t size);
  /// Takes out the oldest droppable frames until at most `limit` bytes are left; gives how many
  /// frames went.
  std::size_t drop_oldest(std::size_t limit);
  void clear();

 private:
  struct Entry {
    SharedBytes bytes;
    bool droppable = false;
  };
  void next();

  Entry first_;              // one message needs no vector
  std::vector<Entry> rest_;  // rest_[head_...] follow it
  std::size_t head_ = 0;
  std::size_t sent_ = 0;  // bytes of first_ that are gone
  std::size_t bytes_ = 0;
};

}  // namespace weft::net
