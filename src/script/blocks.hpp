// Blocks: memory for the objects of one Lua state. Lua says how large a block is when it gives it
// back, so small blocks need no header: those that are free wait in lists by size for the next
// object, which is most of what a script's messages ask of the allocator. The lists keep at most
// 1 MiB; what is beyond goes back to the system's allocator, and so do all larger blocks.
#pragma once
#include <array>
#include <cstddef>

namespace weft::script {

class Blocks {
 public:
  Blocks() = default;
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  /// As realloc(), where the caller knows the old size: 0 makes a block, `new_size` 0 ends one.
  /// nullptr when there is no memory; then the old block is as it was.
  void* resize(void* block, std::size_t old_size, std::size_t new_size);

 private:
  static constexpr std::size_t kStep = 16;        // sizes of one list lie this close
  static constexpr std::size_t kLargest = 256;    // beyond, the system's allocator serves as well
  static constexpr std::size_t kKept = 64 << 10;  // bytes that a list keeps

  struct Free {
    Free* next;
  };
  struct List {
    Free* first = nullptr;
    std::size_t bytes = 0;
  };

  static std::size_t index_of(std::size_t size) { return (size - 1) / kStep; }
  void* take(std::size_t size);
  void give(void* block, std::size_t size);

  std::array<List, kLargest / kStep> lists_{};
};

}  // namespace weft::script
