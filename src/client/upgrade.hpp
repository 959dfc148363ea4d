// The client's side of the WebSocket handshake over a connected stream.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "client/stream.hpp"
#include "weft/client.hpp"

namespace weft::client {

/// Asks `address` for /ws/v1. Gives the bytes that came behind the answer: the first frames.
/// Errors: handshake_refused, bad_answer, or the network's.
asio::awaitable<Result<std::string>> upgrade(std::shared_ptr<Stream> stream, std::string address,
                                             std::string authorization);

}  // namespace weft::client
