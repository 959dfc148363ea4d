// Room for one more message in the outbox of a client that may be slow. What happens to slow
// clients is decided here, for every kind of connection.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "net/stream.hpp"
#include "transport/codecs.hpp"
#include "transport/websocket.hpp"

namespace weft::transport {

enum class Room : std::uint8_t {
  yes,
  dropped,    ///< not even dropping the oldest made room
  too_slow,   ///< close the client: its own outbox is full
  node_full,  ///< close the client: it is slow, and slow clients together hold too much
};

/// Whether `size` bytes may wait behind what `stream` has queued. Tries to send first, then drops
/// the oldest where the policy says so; of a client to be closed, drops what never began to leave
/// when the node needs that memory. Counts what it did.
Room make_room(net::Stream& stream, std::size_t size, const WebSocketOptions& options,
               Counters& counters);

/// Why a client is closed that got too_slow or node_full.
std::string slow_reason(Room room, const WebSocketOptions& options);

}  // namespace weft::transport
