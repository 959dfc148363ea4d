// Slabs: memory for objects of which a node has a million: streams, connections, sessions. Objects
// of one size lie side by side in chunks, without a header of their own; a chunk that became empty
// goes back to the system, so that memory shrinks when clients leave.
//
// Invariants: an object ends on the thread that made it, or after that thread has ended. A chunk is
// aligned to its size, so that its header is found from any object in it.
#pragma once
#include <cstddef>

namespace weft::slab {

inline constexpr std::size_t kChunk = 64 << 10;
inline constexpr std::size_t kLargest = 1024;  ///< larger objects come from the heap

/// Memory for an object of `size` bytes, aligned to 16. Throws std::bad_alloc.
void* take(std::size_t size);
void give(void* object, std::size_t size) noexcept;

/// Bytes of chunks that this thread holds.
std::size_t held();

}  // namespace weft::slab

namespace weft {

/// Base of classes whose objects live on slabs: `class Stream final : private OnSlab`.
class OnSlab {
 public:
  static void* operator new(std::size_t size) { return slab::take(size); }
  static void operator delete(void* object, std::size_t size) noexcept { slab::give(object, size); }
};

}  // namespace weft
