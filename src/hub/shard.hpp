// Shard: one loop's channels and who stands in them. Members lie in a flat vector and each
// subscriber knows its place there, so joining and leaving cost the same in a channel of a million
// and for a subscriber of a thousand, and fan-out is a linear walk. One loop, no lock.
//
// Invariants: a subscriber's membership in a channel names the place where the channel's members
// name the subscriber. A channel is in the table while it has members here or, at home, while a
// loop is interested in it. While walking nobody joins or leaves.
#pragma once
#include <functional>
#include <string_view>

#include "hub/channel_table.hpp"
#include "hub/subscriber.hpp"

namespace weft::hub {

class Shard {
 public:
  /// `on_interest(channel, true)` when the first subscriber of this loop came, `false` when the
  /// last one went.
  explicit Shard(std::function<void(Channel&, bool)> on_interest)
      : on_interest_(std::move(on_interest)) {}

  /// false = it stands there already.
  bool subscribe(Subscriber& subscriber, std::string_view channel);
  /// false = it did not stand there.
  bool unsubscribe(Subscriber& subscriber, std::string_view channel);
  void unsubscribe_all(Subscriber& subscriber);
  bool stands_in(const Subscriber& subscriber, std::string_view channel) const;

  /// To everyone who stands in the channel now.
  PublishCount deliver(const Publication& publication);
  PublishCount deliver(const Channel& channel, const Publication& publication);

  /// nullptr = nobody stands in the channel here and, at home, nobody anywhere.
  const Channel* find(const ChannelKey& key) const;
  /// At the channel's home: `loop` has members now, or none any more. true when that makes the
  /// first loop that has some, or leaves none.
  bool set_interest(const ChannelKey& key, unsigned loop, bool interested);

  /// Calls `visit(ConnectionId)` for the clients of this loop that stand in the channel.
  template <class Visit>
  void for_each_client(std::string_view channel, Visit&& visit) const {
    const Channel* found = find(ChannelKey(channel));
    if (!found) return;
    for (const Subscriber* member : found->members.all())
      if (const ConnectionId id = member->connection_id(); id != ConnectionId::none) visit(id);
  }

  /// A publication is being delivered: nobody may join or leave now.
  bool is_walking() const { return walking_ > 0; }

  /// Those with members on this loop.
  std::size_t channels() const { return peopled_; }
  std::size_t subscriptions() const { return subscriptions_; }
  /// What channels and their members hold on the heap, by walking them all; the subscribers' side
  /// is Subscriber::heap_bytes().
  std::size_t heap_bytes() const { return channels_.heap_bytes(); }

 private:
  void leave(Membership membership);
  void drop_if_unused(ChannelId id);

  std::function<void(Channel&, bool)> on_interest_;
  ChannelTable channels_;
  std::size_t peopled_ = 0, subscriptions_ = 0;
  unsigned walking_ = 0;
};

}  // namespace weft::hub
