#include "transport/room.hpp"

#include <fmt/format.h>

namespace weft::transport {
namespace {

Room look(const net::Stream& stream, std::size_t size, const WebSocketOptions& options) {
  if (stream.queued_bytes() + size > options.max_outbox) return Room::too_slow;
  // A client that reads always gets its message: the node's budget is for those that do not.
  const bool is_full = stream.is_blocked() && stream.loop().waiting().is_full(size);
  return is_full ? Room::node_full : Room::yes;
}

}  // namespace

Room make_room(net::Stream& stream, std::size_t size, const WebSocketOptions& options,
               Counters& counters) {
  if (look(stream, size, options) == Room::yes) return Room::yes;
  stream.send_now();
  const Room room = look(stream, size, options);
  if (room == Room::yes) return room;
  if (options.when_slow == SlowPolicy::drop_oldest) {
    const bool own = room == Room::too_slow && size < options.max_outbox;
    counters.dropped_oldest.add(stream.drop_oldest(own ? options.max_outbox - size : 0));
    if (look(stream, size, options) == Room::yes) return Room::yes;
    counters.dropped_oldest.add();
    return Room::dropped;
  }
  if (room == Room::node_full) stream.drop_unsent();
  counters.dropped_slow.add();
  (room == Room::node_full ? counters.closed_node_full : counters.closed_slow).add();
  return room;
}

std::string slow_reason(Room room, const WebSocketOptions& options) {
  if (room == Room::node_full)
    return "slow: what waits for slow clients fills the node (limits.max_outbox_total)";
  return fmt::format("slow: more than {} bytes wait (max_outbox)", options.max_outbox);
}

}  // namespace weft::transport
