// BlockPool: small blocks of memory that come and go with every message. Each thread keeps what it
// gave back, by size, so that a message in steady state asks nobody for memory.
//
// Invariants: a block may be given back on another thread than the one that took it. A thread keeps
// at most kKept bytes of each size; the rest goes to the heap, and all of it when the thread ends.
#pragma once
#include <cstddef>

namespace weft::block_pool {

/// What take() will really reserve for `size` bytes: the next power of two from 64 on; larger than
/// kLargest = `size` itself.
std::size_t room_for(std::size_t size);

/// `size` bytes aligned for any type; throws std::bad_alloc as operator new does.
void* take(std::size_t size);

/// `size` as it was taken, or any other with the same room.
void give(void* block, std::size_t size) noexcept;

/// For containers that live as long as a message: `std::vector<std::byte, Allocator<std::byte>>`.
template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class Other>
  explicit(false) Allocator(const Allocator<Other>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(take(count * sizeof(T))); }
  void deallocate(T* block, std::size_t count) noexcept { give(block, count * sizeof(T)); }
  friend bool operator==(const Allocator&, const Allocator&) { return true; }
};

inline constexpr std::size_t kLargest = 16 << 10;
inline constexpr std::size_t kKept = 512 << 10;

}  // namespace weft::block_pool
