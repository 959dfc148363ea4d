#include "hub/hub.hpp"

#include <bit>

#include "wire/ws/frame.hpp"

namespace weft::hub {

Hub::Hub(net::LoopPool& loops) : loops_(loops), places_(loops.size()) {
  for (auto& loop : loops)
    place_of(*loop).shard = std::make_unique<Shard>(
        [this, &loop = *loop](Channel& channel, bool on) { note_interest(loop, channel, on); });
}

// Posts of one loop keep their order, so whoever was told "subscribed" before a publication is
// found by it.
void Hub::note_interest(net::Loop& loop, Channel& channel, bool interested) {
  net::Loop& home = home_of(ChannelKey(channel.name));
  if (&home == &loop) {
    if (channel.set_interest(loop.index(), interested) && on_wanted_)
      on_wanted_(channel.name, interested);
    return;
  }
  home.post([this, &home, index = loop.index(), name = channel.name, interested] {
    const bool changed = place_of(home).shard->set_interest(ChannelKey(name), index, interested);
    if (changed && on_wanted_) on_wanted_(name, interested);
  });
}

void Hub::publish(net::Loop& from, std::string_view channel, DataType type, SharedBytes data,
                  OnPublished done, bool is_event) {
  const ChannelKey key(channel);
  Round& round = place_of(from).rounds.take();
  round.publication.channel = channel;
  round.publication.type = type;
  round.publication.data = std::move(data);
  round.publication.is_event = is_event;
  round.hash = key.hash;
  round.from = &from;
  round.done = std::move(done);
  net::Loop& home = home_of(key);
  home.dispatch([this, &home, &round] { publish_at_home(home, round); });
}

void Hub::publish_at_home(net::Loop& home, Round& round) {
  Publication& publication = round.publication;
  const Channel* channel = place_of(home).shard->find({publication.channel, round.hash});
  round.success = round.fail = 0;
  if (!channel || !channel->interested) return finish(round);

  const std::uint64_t mask = channel->interested, own = std::uint64_t{1} << home.index();
  const bool is_text = publication.type == DataType::text;
  publication.ws_frame =
      ws::encode_frame(is_text ? ws::Opcode::text : ws::Opcode::binary, publication.data.bytes());
  round.waiting = static_cast<std::size_t>(std::popcount(mask));
  // The other loops may walk at the same time, so they hear first.
  for (std::uint64_t others = mask & ~own; others; others &= others - 1) {
    net::Loop& loop = loops_.at(static_cast<std::size_t>(std::countr_zero(others)));
    loop.post([this, &loop, &round] { deliver_on(loop, round); });
  }
  if (mask & own) deliver_at_home(home, *channel, round);
}

void Hub::deliver_on(net::Loop& loop, Round& round) {
  count(round, place_of(loop).shard->deliver(round.publication));
}

// A script that publishes while its own protocol_encode runs must not walk inside the walk; what it
// publishes right after that does not overtake.
void Hub::deliver_at_home(net::Loop& home, const Channel& channel, Round& round) {
  Place& place = place_of(home);
  if (!place.shard->is_walking() && !place.postponed)
    return count(round, place.shard->deliver(channel, round.publication));
  ++place.postponed;
  home.post([this, &home, &round] {
    --place_of(home).postponed;
    deliver_on(home, round);
  });
}

// The last loop brings the sum home; the others must not touch the round any more.
void Hub::count(Round& round, PublishCount reached) {
  round.success.fetch_add(reached.success, std::memory_order_relaxed);
  round.fail.fetch_add(reached.fail, std::memory_order_relaxed);
  if (round.waiting.fetch_sub(1, std::memory_order_acq_rel) == 1) finish(round);
}

void Hub::finish(Round& round) {
  round.from->dispatch([this, &round] {
    const PublishCount reached{round.success.load(), round.fail.load()};
    const OnPublished done = std::move(round.done);
    place_of(*round.from).rounds.give(round);
    done(reached);
  });
}

}  // namespace weft::hub
