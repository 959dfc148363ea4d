// SharedBytes: immutable bytes with a reference count, in one block of the thread's pool. A frame
// is built once and then shared by every outbox it waits in, on any loop.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "base/block_pool.hpp"
#include "base/bytes.hpp"

namespace weft {

class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(const SharedBytes& other) noexcept : block_(other.block_) {
    if (block_) block_->count.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() { release(); }

  /// A block of `size` bytes that `fill(std::span<std::byte>)` writes before anyone else sees it.
  template <class Fill>
  static SharedBytes make(std::size_t size, Fill&& fill) {
    SharedBytes made = with_room(size);
    made.block_->size = size;
    fill(std::span<std::byte>(made.block_->bytes(), size));
    return made;
  }

  /// Empty, with `room` bytes for append().
  static SharedBytes with_room(std::size_t room) {
    SharedBytes made;
    const std::size_t whole = block_pool::room_for(sizeof(Block) + room);
    made.block_ = new (block_pool::take(whole)) Block{.room = whole - sizeof(Block)};
    return made;
  }

  /// Writes behind what is there. Only while room() says that it fits: for who builds a block.
  void append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    std::memcpy(block_->bytes() + block_->size, bytes.data(), bytes.size());
    block_->size += bytes.size();
  }
  /// Bytes that append() may add: 0 when anybody else holds the block too.
  std::size_t room() const {
    return block_ && block_->count.load(std::memory_order_acquire) == 1
               ? block_->room - block_->size
               : 0;
  }
  bool is_same(const SharedBytes& other) const { return block_ == other.block_; }

  static SharedBytes copy_of(std::span<const std::byte> bytes) {
    return make(bytes.size(), [&](std::span<std::byte> out) {
      if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    });
  }
  static SharedBytes copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

  std::size_t size() const { return block_ ? block_->size : 0; }
  bool empty() const { return size() == 0; }
  std::span<const std::byte> bytes() const {
    return block_ ? std::span<const std::byte>(block_->bytes(), block_->size)
                  : std::span<const std::byte>();
  }
  std::string_view text() const { return as_text(bytes()); }
  explicit operator bool() const { return block_ != nullptr; }

 private:
  struct Block {
    std::atomic<std::size_t> count{1};
    std::size_t size = 0;
    std::size_t room;
    std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
  };

  void release() noexcept {
    // The last holder needs no locked instruction: nobody else can copy what it alone holds.
    if (!block_ || (block_->count.load(std::memory_order_acquire) != 1 &&
                    block_->count.fetch_sub(1, std::memory_order_acq_rel) != 1))
      return;
    const std::size_t whole = sizeof(Block) + block_->room;
    block_->~Block();
    block_pool::give(block_, whole);
  }

  Block* block_ = nullptr;
};

}  // namespace weft
