#include "base/block_pool.hpp"

#include <array>
#include <bit>
#include <new>

namespace weft::block_pool {
namespace {

constexpr std::size_t kSmallest = 64;
constexpr std::size_t kSizes = std::bit_width(kLargest / kSmallest);

// Under the address sanitizer every block is its own, so that it sees a use after the end.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kPools = false;
#else
constexpr bool kPools = true;
#endif

struct Free {
  Free* next;
};

struct Shelf {
  Free* first = nullptr;
  std::size_t bytes = 0;
};

constexpr std::size_t shelf_of(std::size_t room) {
  return static_cast<std::size_t>(std::countr_zero(room / kSmallest));
}

// Outlives the shelves' owner, because objects that end later still give blocks back.
thread_local bool t_closed = false;

struct Shelves {
  std::array<Shelf, kSizes> shelves;
  ~Shelves() {
    t_closed = true;
    for (Shelf& shelf : shelves)
      while (Free* block = shelf.first) {
        shelf.first = block->next;
        ::operator delete(block);
      }
  }
};
thread_local Shelves t_shelves;

}  // namespace

std::size_t room_for(std::size_t size) {
  if (size > kLargest) return size;
  return size <= kSmallest ? kSmallest : std::bit_ceil(size);
}

void* take(std::size_t size) {
  const std::size_t room = room_for(size);
  if (!kPools || size > kLargest || t_closed) return ::operator new(room);
  Shelf& shelf = t_shelves.shelves[shelf_of(room)];
  Free* block = shelf.first;
  if (!block) return ::operator new(room);
  shelf.first = block->next;
  shelf.bytes -= room;
  return block;
}

void give(void* block, std::size_t size) noexcept {
  const std::size_t room = room_for(size);
  if (!kPools || size > kLargest || t_closed) return ::operator delete(block);
  Shelf& shelf = t_shelves.shelves[shelf_of(room)];
  if (shelf.bytes + room > kKept) return ::operator delete(block);
  shelf.first = new (block) Free{shelf.first};
  shelf.bytes += room;
}

}  // namespace weft::block_pool
