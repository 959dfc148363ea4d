// Memberships: where one subscriber stands, as a map from channel to place in 16 bytes. The first
// entry lies inside; up to 16 lie in an array that is searched from end to end; more lie in a hash
// table, so that a subscriber of a thousand channels joins and leaves as fast as one of ten.
//
// Invariants: capacity_ is a power of two, 1 exactly while the entry lies inside. Up to kSearched
// the first size_ entries are in use; above it empty slots hold kNoChannel, at least a quarter of
// all, and no entry is parted from its hash's slot by an empty one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace weft::hub {

using ChannelId = std::uint32_t;  ///< a channel of one shard (channel_table.hpp)
inline constexpr ChannelId kNoChannel = std::numeric_limits<ChannelId>::max();

struct Membership {
  ChannelId channel = kNoChannel;
  std::uint32_t place = 0;  ///< in the channel's members
};

class Memberships {
 public:
  Memberships() = default;
  Memberships(Memberships&& other) noexcept;
  Memberships& operator=(Memberships&&) = delete;
  ~Memberships();

  std::uint32_t size() const { return size_; }

  bool contains(ChannelId channel) const { return find(channel) != nullptr; }
  /// false = it stands there already.
  bool insert(Membership membership);
  /// nullopt = it did not stand there.
  std::optional<Membership> take(ChannelId channel);
  /// Of a channel where it stands.
  void set_place(ChannelId channel, std::uint32_t place);

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Membership& membership : slots())
      if (membership.channel != kNoChannel) visit(membership);
  }

  /// What it holds on the heap.
  std::size_t heap_bytes() const { return capacity_ > 1 ? capacity_ * sizeof(Membership) : 0; }

 private:
  static constexpr std::uint32_t kSearched = 16;

  bool is_hashed() const { return capacity_ > kSearched; }
  Membership* data() const { return capacity_ > 1 ? many_ : const_cast<Membership*>(&one_); }
  std::span<Membership> slots() const { return {data(), is_hashed() ? capacity_ : size_}; }
  std::uint32_t slot_of(ChannelId channel) const;
  Membership* find(ChannelId channel) const;
  void add(Membership membership);
  void remove(Membership& membership);
  void close_gap(std::uint32_t gap);
  void resize(std::uint32_t capacity);

  union {
    Membership one_{};
    Membership* many_;
  };
  std::uint32_t size_ = 0, capacity_ = 1;
};

}  // namespace weft::hub
