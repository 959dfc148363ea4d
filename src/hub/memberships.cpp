#include "hub/memberships.hpp"

#include <bit>
#include <memory>
#include <utility>

#include "base/check.hpp"
#include "base/slab.hpp"

namespace weft::hub {

Memberships::Memberships(Memberships&& other) noexcept
    : size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 1)) {
  if (capacity_ > 1)
    many_ = other.many_;
  else
    one_ = other.one_;
}

Memberships::~Memberships() {
  if (capacity_ > 1) slab::give(many_, capacity_ * sizeof(Membership));
}

// Ids are given in turn, so they are spread by a multiplication (2^32 over the golden ratio).
std::uint32_t Memberships::slot_of(ChannelId channel) const {
  return channel * 0x9E3779B9u >> (32 - std::countr_zero(capacity_));
}

Membership* Memberships::find(ChannelId channel) const {
  Membership* const all = data();
  if (!is_hashed()) {
    // To the end, without a branch that depends on where it lies: the processor guesses right and
    // goes on to the next order while this one waits for memory.
    Membership* found = nullptr;
    for (std::uint32_t i = 0; i < size_; ++i) found = all[i].channel == channel ? &all[i] : found;
    return found;
  }
  for (std::uint32_t slot = slot_of(channel);; slot = (slot + 1) & (capacity_ - 1)) {
    if (all[slot].channel == channel) return &all[slot];
    if (all[slot].channel == kNoChannel) return nullptr;
  }
}

bool Memberships::insert(Membership membership) {
  if (find(membership.channel)) return false;
  const std::uint32_t room = is_hashed() ? capacity_ / 4 * 3 : capacity_;
  if (size_ == room) resize(capacity_ * 2);
  add(membership);
  return true;
}

std::optional<Membership> Memberships::take(ChannelId channel) {
  Membership* const found = find(channel);
  if (!found) return std::nullopt;
  const Membership taken = *found;
  remove(*found);
  if (size_ <= 1)
    resize(1);
  else if (size_ < capacity_ / 4)
    resize(capacity_ / 2);
  return taken;
}

void Memberships::set_place(ChannelId channel, std::uint32_t place) {
  Membership* const found = find(channel);
  check(found, "who is a member of a channel stands in it");
  found->place = place;
}

void Memberships::add(Membership membership) {
  std::uint32_t slot = size_++;
  if (is_hashed()) {
    slot = slot_of(membership.channel);
    while (many_[slot].channel != kNoChannel) slot = (slot + 1) & (capacity_ - 1);
  }
  data()[slot] = membership;
}

void Memberships::remove(Membership& membership) {
  --size_;
  if (is_hashed())
    close_gap(static_cast<std::uint32_t>(&membership - many_));
  else
    membership = data()[size_];
}

// Moves those back into the gap whom it would part from their own slot.
void Memberships::close_gap(std::uint32_t gap) {
  const std::uint32_t mask = capacity_ - 1;
  for (std::uint32_t next = (gap + 1) & mask; many_[next].channel != kNoChannel;
       next = (next + 1) & mask) {
    const std::uint32_t way = (next - slot_of(many_[next].channel)) & mask;
    if (way < ((next - gap) & mask)) continue;
    many_[gap] = many_[next];
    gap = next;
  }
  many_[gap] = Membership{};
}

void Memberships::resize(std::uint32_t capacity) {
  if (capacity == capacity_) return;
  const Memberships old(std::move(*this));
  if (capacity > 1) {
    many_ = static_cast<Membership*>(slab::take(capacity * sizeof(Membership)));
    std::uninitialized_fill_n(many_, capacity, Membership{});
  }
  capacity_ = capacity;
  old.for_each([this](const Membership& membership) { add(membership); });
}

}  // namespace weft::hub
