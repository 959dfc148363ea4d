// Hub: publications over all loops of the node. Every channel has a home loop, hash(channel) mod
// loops: it knows which loops have subscribers and gives the channel its one order. The frame is
// built once, by who publishes.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/shard.hpp"
#include "net/loop.hpp"

namespace weft::hub {

class Hub {
 public:
  explicit Hub(net::LoopPool& loops);

  /// The shard of `loop`; used on that loop only.
  Shard& shard(const net::Loop& loop) { return *places_[loop.index()].shard; }

  /// `done` runs on `from` when every loop has delivered, perhaps during the call. Publications of
  /// one caller to one channel keep their order.
  void publish(net::Loop& from, std::string channel, DataType type, SharedBytes data,
               std::function<void(PublishCount)> done);

 private:
  using LoopMask = std::uint64_t;
  struct Tally;
  struct Place {  // one loop's part
    std::unique_ptr<Shard> shard;
    std::unordered_map<std::string, LoopMask> interested;  // of the channels that are at home here
  };

  net::Loop& home_of(std::string_view channel);
  void note_interest(unsigned loop, const std::string& channel, bool interested);
  void publish_at_home(net::Loop& home, const std::shared_ptr<const Publication>& publication,
                       const std::shared_ptr<Tally>& tally);

  net::LoopPool& loops_;
  std::vector<Place> places_;
};

}  // namespace weft::hub
