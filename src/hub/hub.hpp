// Hub: publications over all loops of the node. Every channel has a home loop, hash(channel) mod
// loops: it knows which loops have subscribers and gives the channel its one order. The frame is
// built there, once, and only when somebody listens.
//
// In steady state a publication allocates nothing: what it needs on its way is a Round of a pool,
// and bytes are shared blocks. Publishing to the loop's own subscribers needs no post either.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "hub/round.hpp"
#include "hub/shard.hpp"
#include "net/loop.hpp"

namespace weft::hub {

class Hub {
 public:
  explicit Hub(net::LoopPool& loops);

  /// Hears, on the channel's home loop, when the first of the node's subscribers came to a channel
  /// and when the last one went. Before the loops run.
  using OnWanted = std::function<void(std::string_view channel, bool wanted)>;
  void set_on_wanted(OnWanted on_wanted) { on_wanted_ = std::move(on_wanted); }
  net::Loop& home_of(std::string_view channel) { return home_of(ChannelKey(channel)); }

  /// The shard of `loop`; used on that loop only.
  Shard& shard(const net::Loop& loop) { return *places_[loop.index()].shard; }

  /// `done` runs on `from` when every loop has delivered, perhaps during the call. Publications of
  /// one caller to one channel keep their order. `is_event`: see Publication.
  void publish(net::Loop& from, std::string_view channel, DataType type, SharedBytes data,
               OnPublished done, bool is_event = false);

 private:
  struct Place {  // one loop's part
    std::unique_ptr<Shard> shard;
    RoundPool rounds;
    std::size_t postponed = 0;  // deliveries that wait until the present walk is over
  };

  net::Loop& home_of(const ChannelKey& key) { return loops_.at(key.hash % loops_.size()); }
  Place& place_of(const net::Loop& loop) { return places_[loop.index()]; }
  void note_interest(net::Loop& loop, Channel& channel, bool interested);
  void publish_at_home(net::Loop& home, Round& round);
  void deliver_on(net::Loop& loop, Round& round);
  void deliver_at_home(net::Loop& home, const Channel& channel, Round& round);
  void count(Round& round, PublishCount reached);
  void finish(Round& round);

  net::LoopPool& loops_;
  std::vector<Place> places_;
  OnWanted on_wanted_;
};

}  // namespace weft::hub
