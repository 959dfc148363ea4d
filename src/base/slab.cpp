#include "base/slab.hpp"

#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <new>

namespace weft::slab {
namespace {

// Under the address sanitizer every object is its own, so that it sees a use after the end.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kSlabs = false;
#else
constexpr bool kSlabs = true;
#endif

constexpr std::size_t kStep = 16;  // sizes are multiples of it
constexpr std::size_t kSizes = kLargest / kStep;

struct Place {
  Place* next;
};

struct Shelf;

struct alignas(kStep) Chunk {
  Shelf* shelf;  // nullptr once the thread has ended
  Chunk *previous, *next;
  Place* free = nullptr;
  std::uint32_t used = 0;    // objects that live
  std::uint32_t carved = 0;  // places that were ever used; those behind them were never touched
};

/// The chunks for objects of one size. Those with room stand in front of those without.
struct Shelf {
  Chunk* first = nullptr;
  Chunk* last = nullptr;
  Chunk* spare = nullptr;  // one empty chunk is kept, so that a border case does not map and unmap
  std::uint32_t size = 0;
  std::uint32_t places = 0;  // in one chunk
  std::size_t chunks = 0;
};

Chunk* map_chunk() {
  // Twice as much, of which the aligned middle stays.
  constexpr int kProtection = PROT_READ | PROT_WRITE, kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  void* const mapped = ::mmap(nullptr, 2 * kChunk, kProtection, kFlags, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t aligned = (begin + kChunk - 1) & ~(kChunk - 1);
  if (aligned > begin) ::munmap(mapped, aligned - begin);
  const std::uintptr_t end = aligned + kChunk;
  if (end < begin + 2 * kChunk)
    ::munmap(reinterpret_cast<void*>(end), begin + 2 * kChunk - end);  // NOLINT
  return reinterpret_cast<Chunk*>(aligned);                            // NOLINT
}

void unmap_chunk(Chunk* chunk) { ::munmap(chunk, kChunk); }

void unlink(Shelf& shelf, Chunk* chunk) {
  (chunk->previous ? chunk->previous->next : shelf.first) = chunk->next;
  (chunk->next ? chunk->next->previous : shelf.last) = chunk->previous;
}

void link_first(Shelf& shelf, Chunk* chunk) {
  chunk->previous = nullptr;
  chunk->next = shelf.first;
  (shelf.first ? shelf.first->previous : shelf.last) = chunk;
  shelf.first = chunk;
}

void link_last(Shelf& shelf, Chunk* chunk) {
  chunk->next = nullptr;
  chunk->previous = shelf.last;
  (shelf.last ? shelf.last->next : shelf.first) = chunk;
  shelf.last = chunk;
}

struct Shelves {
  std::array<Shelf, kSizes + 1> shelves;
  Shelves() {
    for (std::size_t i = 1; i <= kSizes; ++i) {
      shelves[i].size = static_cast<std::uint32_t>(i * kStep);
      shelves[i].places = static_cast<std::uint32_t>((kChunk - sizeof(Chunk)) / (i * kStep));
    }
  }
  // What still lives belongs to nobody: whoever ends the last object of a chunk unmaps it.
  ~Shelves() {
    for (Shelf& shelf : shelves) {
      for (Chunk* chunk = shelf.first; chunk; chunk = chunk->next) chunk->shelf = nullptr;
      if (shelf.spare) unmap_chunk(shelf.spare);
    }
  }
};
thread_local Shelves t_shelves;

Chunk* chunk_with_room(Shelf& shelf) {
  if (Chunk* const first = shelf.first; first && first->used < shelf.places) return first;
  Chunk* chunk = shelf.spare;
  shelf.spare = nullptr;
  if (!chunk) {
    chunk = new (map_chunk()) Chunk{&shelf, nullptr, nullptr};
    ++shelf.chunks;
  }
  link_first(shelf, chunk);
  return chunk;
}

}  // namespace

void* take(std::size_t size) {
  if (!kSlabs || size > kLargest) return ::operator new(size);
  Shelf& shelf = t_shelves.shelves[(size + kStep - 1) / kStep];
  Chunk* const chunk = chunk_with_room(shelf);
  Place* place = chunk->free;
  if (place)
    chunk->free = place->next;
  else
    place = reinterpret_cast<Place*>(reinterpret_cast<std::byte*>(chunk + 1) +
                                     std::size_t{chunk->carved++} * shelf.size);
  if (++chunk->used == shelf.places && chunk != shelf.last) {
    unlink(shelf, chunk);
    link_last(shelf, chunk);
  }
  return place;
}

void give(void* object, std::size_t size) noexcept {
  if (!kSlabs || size > kLargest) return ::operator delete(object);
  auto* const chunk = reinterpret_cast<Chunk*>(  // NOLINT: what take() made
      reinterpret_cast<std::uintptr_t>(object) & ~(kChunk - 1));
  Shelf* const shelf = chunk->shelf;
  chunk->free = new (object) Place{chunk->free};
  const std::uint32_t used = --chunk->used;
  if (!shelf) {
    if (used == 0) unmap_chunk(chunk);
    return;
  }
  if (used + 1 == shelf->places && chunk != shelf->first) {  // it was full
    unlink(*shelf, chunk);
    link_first(*shelf, chunk);
  }
  if (used > 0) return;
  unlink(*shelf, chunk);
  if (!shelf->spare) {
    shelf->spare = chunk;
    return;
  }
  --shelf->chunks;
  unmap_chunk(chunk);
}

std::size_t held() {
  std::size_t bytes = 0;
  for (const Shelf& shelf : t_shelves.shelves) bytes += shelf.chunks * kChunk;
  return bytes;
}

}  // namespace weft::slab
