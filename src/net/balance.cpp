#include "net/balance.hpp"

#include <algorithm>

#include "net/loop.hpp"

namespace weft::net {

void Balance::join(Loop& loop, Listener& listener) {
  seats_[loop.index()].listener = &listener;
  seats_[loop.index()].loop.store(&loop, std::memory_order_release);
}

void Balance::leave(Loop& loop) {
  seats_[loop.index()].loop.store(nullptr, std::memory_order_release);
  seats_[loop.index()].listener = nullptr;
}

Listener* Balance::listener_of(const Loop& loop) const { return seats_[loop.index()].listener; }

Loop& Balance::place_for(Loop& own) const {
  Loop* least = &own;
  std::size_t least_load = own.load();
  for (const Seat& seat : seats_) {
    Loop* loop = seat.loop.load(std::memory_order_acquire);
    if (loop && loop->load() < least_load) {
      least = loop;
      least_load = loop->load();
    }
  }
  return own.load() > least_load + std::max(kFew, least_load / 10) ? *least : own;
}

}  // namespace weft::net
