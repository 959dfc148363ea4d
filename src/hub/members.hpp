// Members: who stands in one channel of one loop, in a flat vector that fan-out walks. 16 bytes and
// nothing on the heap while there is one, for most channels are somebody's own. Gives memory back
// while it shrinks; up to a kilobyte lies on slabs, which leave no holes in the heap.
//
// Invariants: capacity_ == 1 exactly while the member lies inside; size_ <= capacity_.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/check.hpp"
#include "base/slab.hpp"

namespace weft::hub {

class Subscriber;

class Members {
 public:
  Members() = default;
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;
  ~Members() {
    if (capacity_ > 1) give(many_, capacity_);
  }

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<Subscriber* const> all() const { return {capacity_ > 1 ? many_ : &one_, size_}; }
  Subscriber& operator[](std::uint32_t place) const { return *all()[place]; }

  void push_back(Subscriber& subscriber) {
    if (size_ == capacity_) resize(std::max(capacity_ + capacity_ / 2, capacity_ + 1));
    data()[size_++] = &subscriber;
  }

  /// The last member takes the place of the one that goes. True when one moved there.
  bool swap_remove(std::uint32_t place) {
    Subscriber** const members = data();
    members[place] = members[--size_];
    if (size_ <= 1)
      resize(1);
    else if (size_ < capacity_ / 4)
      resize(capacity_ / 2);
    return place < size_;
  }

  /// What it holds on the heap.
  std::size_t heap_bytes() const { return capacity_ > 1 ? capacity_ * sizeof(Subscriber*) : 0; }

 private:
  Subscriber** data() { return capacity_ > 1 ? many_ : &one_; }

  static bool is_long(std::uint32_t capacity) {
    return capacity * sizeof(Subscriber*) > slab::kLargest;
  }
  static Subscriber** take(std::uint32_t capacity) {
    const std::size_t size = capacity * sizeof(Subscriber*);
    void* const memory = is_long(capacity) ? std::malloc(size) : slab::take(size);
    check(memory, "there is memory for the members of a channel");
    return static_cast<Subscriber**>(memory);
  }
  static void give(Subscriber** members, std::uint32_t capacity) {
    if (is_long(capacity)) return std::free(members);
    slab::give(members, capacity * sizeof(Subscriber*));
  }

  void resize(std::uint32_t capacity) {
    if (capacity == capacity_) return;
    Subscriber** const old = data();
    Subscriber* const first = old[0];
    if (is_long(capacity) && is_long(capacity_)) {
      // realloc() moves the pages of a long vector instead of copying what they hold.
      many_ = static_cast<Subscriber**>(std::realloc(many_, capacity * sizeof(Subscriber*)));
      check(many_, "there is memory for the members of a channel");
    } else if (capacity > 1) {
      Subscriber** const made = take(capacity);
      std::copy_n(old, size_, made);
      if (capacity_ > 1) give(old, capacity_);
      many_ = made;
    } else {
      give(old, capacity_);
      one_ = first;
    }
    capacity_ = capacity;
  }

  union {
    Subscriber* one_ = nullptr;
    Subscriber** many_;
  };
  std::uint32_t size_ = 0, capacity_ = 1;
};

}  // namespace weft::hub
