// ChannelTable: the channels of one shard, by name and by id. The channels lie in chunks of 16 that
// never move, so a reference stays good and no growth copies them; their names are hashed into
// stripes that grow one at a time, so a million channels stop the loop for a millisecond at most.
//
// Invariants: every id below 16 * chunks_.size() is used or free; open_ holds each chunk with room
// (or without memory) exactly once. Of the chunks that are empty only the last in open_ keeps its
// memory; without channels nothing but that one chunk is kept.
#pragma once
#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/slab.hpp"
#include "hub/members.hpp"
#include "hub/memberships.hpp"

namespace weft::hub {

/// A channel's name and its hash, computed once per order.
struct ChannelKey {
  explicit ChannelKey(std::string_view channel)
      : ChannelKey(channel, std::hash<std::string_view>{}(channel)) {}
  ChannelKey(std::string_view channel, std::uint64_t known) : name(channel), hash(known) {}
  std::string_view name;
  std::uint64_t hash;
};

struct Channel {
  std::string name;
  Members members;               ///< of this loop
  std::uint64_t interested = 0;  ///< at home: one bit per loop that has members

  /// true when that makes the first loop that has some, or leaves none.
  bool set_interest(unsigned loop, bool has_members) {
    const std::uint64_t before = interested, bit = std::uint64_t{1} << loop;
    interested = has_members ? interested | bit : interested & ~bit;
    return (before == 0) != (interested == 0);
  }
};

class ChannelTable {
 public:
  /// kNoChannel when there is none.
  ChannelId find(const ChannelKey& key) const;
  ChannelId find_or_make(const ChannelKey& key);
  void erase(ChannelId id);

  Channel& operator[](ChannelId id) { return chunks_[id / kChunk]->channels[id % kChunk]; }
  const Channel& operator[](ChannelId id) const {
    return chunks_[id / kChunk]->channels[id % kChunk];
  }
  std::size_t size() const { return size_; }
  std::size_t heap_bytes() const;

 private:
  static constexpr std::size_t kChunk = 16, kStripes = 64;
  struct Chunk : OnSlab {
    std::uint16_t used = 0;  // one bit per channel
    std::array<Channel, kChunk> channels;
  };
  struct Slot {
    std::uint32_t hash;  // spares a look at the channel while the table grows
    ChannelId id;
  };
  struct Probe {
    const ChannelTable& table;
    std::uint32_t hash;
    std::string_view name;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Slot& slot) const { return slot.hash; }
    std::size_t operator()(const Probe& probe) const { return probe.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Slot& a, const Slot& b) const { return a.id == b.id; }
    bool operator()(const Probe& a, const Slot& b) const {
      return a.hash == b.hash && a.table[b.id].name == a.name;
    }
    bool operator()(const Slot& a, const Probe& b) const { return (*this)(b, a); }
  };
  using Stripe = boost::unordered_flat_set<Slot, Hash, Equal>;

  // The low bits choose a channel's home loop: they say little among the channels of one.
  static std::uint32_t hash_of(const ChannelKey& key) {
    return static_cast<std::uint32_t>(key.hash >> 32);
  }
  ChannelId take_id();
  void give_id(ChannelId id);

  std::array<Stripe, kStripes> stripes_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> open_;
  std::size_t size_ = 0;
};

}  // namespace weft::hub
