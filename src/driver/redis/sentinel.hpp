// Asks sentinels where the master is.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "driver/redis/client.hpp"
#include "driver/redis/connection.hpp"

namespace weft::redis {

/// What the first of `options.sentinels` that answers says, in a random order, a second for each;
/// later ones are asked when it does not know the master. User and password are tried with one that
/// wants a password. Errors: no_master.
boost::asio::awaitable<Result<Address>> find_master(boost::asio::io_context& context,
                                                    RedisOptions options);

/// Comes back with true when sentinels answer and none of them names the server of `connection` any
/// more, and with false soon after that was closed. When a master is replaced on purpose the old
/// one goes on for ten seconds, and what it is told then is forgotten.
boost::asio::awaitable<bool> has_moved(boost::asio::io_context& context, RedisOptions options,
                                       std::shared_ptr<Connection> connection);

/// Whether it refuses to write because its server is a replica; scripts say so, too.
inline bool is_of_replica(const Reply& reply) {
  return reply.kind == Reply::Kind::error && reply.text.find("READONLY") != reply.text.npos;
}

}  // namespace weft::redis
