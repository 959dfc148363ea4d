// MessageMemory: where one message lives while it is handled: its decoded value, and its bytes for
// those who need them longer than the call. The next message uses it again; what a large message
// took is given back.
#pragma once
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace weft::framework {

class MessageMemory {
 public:
  MessageMemory() : values_(buffer_.data(), buffer_.size()) {}
  MessageMemory(const MessageMemory&) = delete;
  MessageMemory& operator=(const MessageMemory&) = delete;

  /// For values of this message. They end before clear().
  boost::json::storage_ptr values() { return &values_; }

  /// A copy of `bytes`, good until clear().
  std::span<const std::byte> keep(std::span<const std::byte> bytes) {
    kept_.assign(bytes.begin(), bytes.end());
    return kept_;
  }

  void clear() {
    // Made anew, for release() lets the next block be twice as large as the last one, for ever.
    std::destroy_at(&values_);
    std::construct_at(&values_, buffer_.data(), buffer_.size());
    if (kept_.capacity() > kMostKept) kept_ = {};
  }

 private:
  static constexpr std::size_t kMostKept = 64 << 10;

  std::array<unsigned char, 2048> buffer_;
  boost::json::monotonic_resource values_;
  std::vector<std::byte> kept_;
};

}  // namespace weft::framework
