#include "hub/shard.hpp"

#include "base/check.hpp"

namespace weft::hub {
namespace {

// A subscriber's place in `channel`, searched from the shorter side.
std::size_t place_of(const std::vector<Membership>& memberships, const Channel& channel,
                     const Subscriber& subscriber) {
  if (channel.members.size() < memberships.size()) {
    for (const Member& member : channel.members)
      if (member.subscriber == &subscriber) return member.index;
    return memberships.size();
  }
  std::size_t place = 0;
  while (place < memberships.size() && memberships[place].channel != &channel) ++place;
  return place;
}

}  // namespace

bool Shard::subscribe(Subscriber& subscriber, std::string_view name) {
  check(!walking_, "deliver() joins no channel");
  auto found = channels_.find(name);
  if (found == channels_.end()) {
    auto made = std::make_unique<Channel>(Channel{std::string(name), {}});
    found = channels_.emplace(std::string(name), std::move(made)).first;
  }
  Channel& channel = *found->second;
  auto& memberships = subscriber.memberships_;
  if (place_of(memberships, channel, subscriber) != memberships.size()) return false;
  memberships.push_back({&channel, static_cast<std::uint32_t>(channel.members.size())});
  channel.members.push_back({&subscriber, static_cast<std::uint32_t>(memberships.size() - 1)});
  ++subscriptions_;
  if (channel.members.size() == 1) on_interest_(channel.name, true);
  return true;
}

bool Shard::unsubscribe(Subscriber& subscriber, std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return false;
  const std::size_t place = place_of(subscriber.memberships_, *found->second, subscriber);
  if (place == subscriber.memberships_.size()) return false;
  remove(subscriber, place);
  return true;
}

bool Shard::stands_in(const Subscriber& subscriber, std::string_view name) const {
  const auto found = channels_.find(name);
  return found != channels_.end() && place_of(subscriber.memberships_, *found->second,
                                              subscriber) != subscriber.memberships_.size();
}

void Shard::unsubscribe_all(Subscriber& subscriber) {
  while (!subscriber.memberships_.empty()) remove(subscriber, subscriber.memberships_.size() - 1);
  subscriber.memberships_ = {};
}

// Swap-removes on both sides and corrects the two entries that moved.
void Shard::remove(Subscriber& subscriber, std::size_t place) {
  check(!walking_, "deliver() leaves no channel: what closes a connection takes effect later");
  auto& memberships = subscriber.memberships_;
  const auto [channel, index] = memberships[place];

  channel->members[index] = channel->members.back();
  channel->members.pop_back();
  if (index < channel->members.size()) {
    const Member& moved = channel->members[index];
    moved.subscriber->memberships_[moved.index].index = index;
  }
  memberships[place] = memberships.back();
  memberships.pop_back();
  if (place < memberships.size()) {
    const Membership& moved = memberships[place];
    moved.channel->members[moved.index].index = static_cast<std::uint32_t>(place);
  }
  --subscriptions_;
  if (!channel->members.empty()) return;
  on_interest_(channel->name, false);
  channels_.erase(channels_.find(std::string_view(channel->name)));
}

PublishCount Shard::deliver(const Publication& publication) {
  const auto found = channels_.find(std::string_view(publication.channel));
  if (found == channels_.end()) return {};
  Delivery delivery{publication};
  PublishCount count;
  ++walking_;
  for (const Member& member : found->second->members) {
    if (member.subscriber->deliver(delivery))
      ++count.success;
    else
      ++count.fail;
  }
  --walking_;
  return count;
}

}  // namespace weft::hub
