#include "script/blocks.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace weft::script {

Blocks::~Blocks() {
  for (List& list : lists_)
    while (list.first) std::free(std::exchange(list.first, list.first->next));
}

void* Blocks::take(std::size_t size) {
  if (size > kLargest) return std::malloc(size);
  const std::size_t index = index_of(size);
  List& list = lists_[index];
  if (!list.first) return std::malloc((index + 1) * kStep);
  list.bytes -= (index + 1) * kStep;
  return std::exchange(list.first, list.first->next);
}

void Blocks::give(void* block, std::size_t size) {
  if (size > kLargest) return std::free(block);
  const std::size_t index = index_of(size), whole = (index + 1) * kStep;
  List& list = lists_[index];
  if (list.bytes + whole > kKept) return std::free(block);
  list.bytes += whole;
  list.first = ::new (block) Free{list.first};
}

void* Blocks::resize(void* block, std::size_t old_size, std::size_t new_size) {
  if (!block) return new_size ? take(new_size) : nullptr;
  if (!new_size) {
    give(block, old_size);
    return nullptr;
  }
  if (old_size > kLargest && new_size > kLargest) return std::realloc(block, new_size);
  if (old_size <= kLargest && new_size <= kLargest && index_of(old_size) == index_of(new_size))
    return block;
  void* moved = take(new_size);
  if (!moved) return nullptr;
  std::memcpy(moved, block, std::min(old_size, new_size));
  give(block, old_size);
  return moved;
}

}  // namespace weft::script
