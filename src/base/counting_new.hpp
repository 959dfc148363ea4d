// For tests that count allocations: replaces operator new of the whole test program. Include it in
// exactly one of its files.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <new>

namespace weft {

/// Of the calling thread, since it began.
inline thread_local std::size_t allocations = 0, allocated_bytes = 0;

/// Allocations that `act` makes on this thread.
template <class Act>
std::size_t allocations_of(Act act) {
  const std::size_t before = allocations;
  act();
  return allocations - before;
}

}  // namespace weft

// Not inlined: else g++ sees a free() behind a new and warns of a mismatch that is none.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++weft::allocations;
  weft::allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
