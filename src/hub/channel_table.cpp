#include "hub/channel_table.hpp"

#include <bit>

#include "base/check.hpp"

namespace weft::hub {
namespace {

constexpr std::uint16_t kFull = 0xFFFF;

// Tables that once were large give their memory back.
template <class Stripe>
void shrink(Stripe& stripe) {
  if (stripe.bucket_count() > 64 && stripe.size() < stripe.bucket_count() / 8)
    stripe.rehash(stripe.size() * 2);
}

std::size_t heap_bytes_of(const std::string& name) {
  return name.capacity() > std::string().capacity() ? name.capacity() + 1 : 0;
}

}  // namespace

ChannelId ChannelTable::find(const ChannelKey& key) const {
  const std::uint32_t hash = hash_of(key);
  const Stripe& stripe = stripes_[hash % kStripes];
  const auto found = stripe.find(Probe{*this, hash, key.name});
  return found == stripe.end() ? kNoChannel : found->id;
}

ChannelId ChannelTable::find_or_make(const ChannelKey& key) {
  if (const ChannelId known = find(key); known != kNoChannel) return known;
  const ChannelId id = take_id();
  (*this)[id].name = key.name;
  const std::uint32_t hash = hash_of(key);
  stripes_[hash % kStripes].insert(Slot{hash, id});
  ++size_;
  return id;
}

void ChannelTable::erase(ChannelId id) {
  const std::uint32_t hash = hash_of(ChannelKey((*this)[id].name));
  Stripe& stripe = stripes_[hash % kStripes];
  stripe.erase(Slot{hash, id});
  shrink(stripe);
  give_id(id);
  if (--size_ > 0) return;
  chunks_.resize(1);
  chunks_.shrink_to_fit();
  open_.assign(1, 0);
  open_.shrink_to_fit();
}

ChannelId ChannelTable::take_id() {
  if (open_.empty()) {
    open_.push_back(static_cast<std::uint32_t>(chunks_.size()));
    chunks_.emplace_back();
  }
  const std::uint32_t index = open_.back();
  auto& chunk = chunks_[index];
  if (!chunk) chunk = std::make_unique<Chunk>();
  const auto free = static_cast<std::uint32_t>(std::countr_one(chunk->used));
  chunk->used = static_cast<std::uint16_t>(chunk->used | 1u << free);
  if (chunk->used == kFull) open_.pop_back();
  const auto id = static_cast<ChannelId>(index * kChunk + free);
  check(id != kNoChannel, "fewer channels than ids");
  return id;
}

void ChannelTable::give_id(ChannelId id) {
  const auto index = static_cast<std::uint32_t>(id / kChunk);
  Chunk& chunk = *chunks_[index];
  Channel& channel = chunk.channels[id % kChunk];
  check(channel.members.empty(), "a channel goes after its members");
  std::string().swap(channel.name);
  channel.interested = 0;
  if (chunk.used == kFull) {
    if (!open_.empty() && chunks_[open_.back()] && !chunks_[open_.back()]->used)
      chunks_[open_.back()].reset();
    open_.push_back(index);
  }
  chunk.used = static_cast<std::uint16_t>(chunk.used & ~(1u << id % kChunk));
  if (!chunk.used && open_.back() != index) chunks_[index].reset();
}

std::size_t ChannelTable::heap_bytes() const {
  std::size_t bytes = chunks_.capacity() * sizeof(chunks_[0]) + open_.capacity() * sizeof(open_[0]);
  for (const Stripe& stripe : stripes_) bytes += stripe.bucket_count() * (sizeof(Slot) + 1);
  for (const auto& chunk : chunks_) {
    if (!chunk) continue;
    bytes += sizeof(Chunk);
    for (const Channel& channel : chunk->channels)
      bytes += channel.members.heap_bytes() + heap_bytes_of(channel.name);
  }
  return bytes;
}

}  // namespace weft::hub
