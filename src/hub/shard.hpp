// Shard: one loop's channels and who stands in them. Members lie in a flat vector, and each knows
// its place on both sides, so leaving is O(1) and fan-out is a linear walk. One loop, no lock.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/subscriber.hpp"

namespace weft::hub {

struct Member {
  Subscriber* subscriber;
  std::uint32_t index;  ///< in the subscriber's memberships
};

struct Channel {
  std::string name;
  std::vector<Member> members;
};

class Shard {
 public:
  /// `on_interest(channel, true)` when the first subscriber of this loop came, `false` when the
  /// last one went.
  explicit Shard(std::function<void(const std::string&, bool)> on_interest)
      : on_interest_(std::move(on_interest)) {}

  /// false = it stands there already.
  bool subscribe(Subscriber& subscriber, std::string_view channel);
  /// false = it did not stand there.
  bool unsubscribe(Subscriber& subscriber, std::string_view channel);
  void unsubscribe_all(Subscriber& subscriber);
  bool stands_in(const Subscriber& subscriber, std::string_view channel) const;

  /// To everyone who stands in the channel now.
  PublishCount deliver(const Publication& publication);

  /// A publication is being delivered: nobody may join or leave now.
  bool is_walking() const { return walking_ > 0; }

  std::size_t channels() const { return channels_.size(); }
  std::size_t subscriptions() const { return subscriptions_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  void remove(Subscriber& subscriber, std::size_t place);

  std::function<void(const std::string&, bool)> on_interest_;
  std::unordered_map<std::string, std::unique_ptr<Channel>, Hash, std::equal_to<>> channels_;
  std::size_t subscriptions_ = 0;
  unsigned walking_ = 0;
};

}  // namespace weft::hub
