#include "hub/hub.hpp"

#include <atomic>
#include <bit>

#include "wire/ws/frame.hpp"

namespace weft::hub {

// Adds up what the loops report; the last one brings the sum home.
struct Hub::Tally {
  Tally(net::Loop& asking, std::function<void(PublishCount)> completion)
      : from(asking), done(std::move(completion)) {}

  net::Loop& from;
  std::function<void(PublishCount)> done;
  std::atomic<std::size_t> waiting{0}, success{0}, fail{0};

  static void add(const std::shared_ptr<Tally>& tally, PublishCount count) {
    tally->success.fetch_add(count.success, std::memory_order_relaxed);
    tally->fail.fetch_add(count.fail, std::memory_order_relaxed);
    if (tally->waiting.fetch_sub(1, std::memory_order_acq_rel) == 1) finish(tally);
  }
  static void finish(const std::shared_ptr<Tally>& tally) {
    tally->from.dispatch([tally] { tally->done({tally->success.load(), tally->fail.load()}); });
  }
};

Hub::Hub(net::LoopPool& loops) : loops_(loops), places_(loops.size()) {
  for (unsigned i = 0; i < loops.size(); ++i)
    places_[i].shard =
        std::make_unique<Shard>([this, i](const std::string& channel, bool interested) {
          note_interest(i, channel, interested);
        });
}

net::Loop& Hub::home_of(std::string_view channel) {
  return loops_.at(std::hash<std::string_view>{}(channel) % loops_.size());
}

// Posts of one loop keep their order, so whoever was told "subscribed" before a publication is
// found by it.
void Hub::note_interest(unsigned loop, const std::string& channel, bool interested) {
  net::Loop& home = home_of(channel);
  home.dispatch([this, &home, loop, channel, interested] {
    auto& all = places_[home.index()].interested;
    LoopMask& mask = all[channel];
    const LoopMask bit = LoopMask{1} << loop;
    mask = interested ? mask | bit : mask & ~bit;
    if (mask == 0) all.erase(channel);
  });
}

void Hub::publish(net::Loop& from, std::string channel, DataType type, SharedBytes data,
                  std::function<void(PublishCount)> done) {
  net::Loop& home = home_of(channel);
  auto tally = std::make_shared<Tally>(from, std::move(done));
  const ws::Opcode opcode = type == DataType::text ? ws::Opcode::text : ws::Opcode::binary;
  SharedBytes frame = ws::encode_frame(opcode, data.bytes());
  auto publication = std::make_shared<const Publication>(
      Publication{std::move(channel), type, std::move(data), std::move(frame)});
  home.dispatch([this, &home, publication = std::move(publication), tally = std::move(tally)] {
    publish_at_home(home, publication, tally);
  });
}

void Hub::publish_at_home(net::Loop& home, const std::shared_ptr<const Publication>& publication,
                          const std::shared_ptr<Tally>& tally) {
  const auto& all = places_[home.index()].interested;
  const auto found = all.find(publication->channel);
  if (found == all.end()) return Tally::finish(tally);
  LoopMask mask = found->second;
  tally->waiting = static_cast<std::size_t>(std::popcount(mask));
  for (; mask; mask &= mask - 1) {
    net::Loop& loop = loops_.at(static_cast<std::size_t>(std::countr_zero(mask)));
    const auto deliver = [this, &loop, publication, tally] {
      Tally::add(tally, places_[loop.index()].shard->deliver(*publication));
    };
    // A script that publishes while its own protocol_encode runs must not walk inside the walk.
    if (&loop == &home && places_[loop.index()].shard->is_walking())
      loop.post(deliver);
    else
      loop.dispatch(deliver);
  }
}

}  // namespace weft::hub
