// Runs an onion of middleware to its end, on a loop of its own.
#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "framework/onion.hpp"
#include "weft/middleware.hpp"

namespace weft::framework {

inline Task<void> keep_result(const Onion<Handshake, Refusal>& onion, Handshake& handshake,
                              HandshakeResult& result) {
  result = co_await onion.run(handshake);
}

/// The refusal, nullopt = welcome; throws what it threw.
inline HandshakeResult result_of(const Onion<Handshake, Refusal>& onion, Handshake& handshake) {
  boost::asio::io_context context;
  HandshakeResult result;
  std::exception_ptr threw;
  boost::asio::co_spawn(context, keep_result(onion, handshake, result),
                        [&](std::exception_ptr error) { threw = error; });
  context.run();
  if (threw) std::rethrow_exception(threw);
  return result;
}

/// Its status; 0 = welcome, -1 = it threw.
inline int status_of(const Onion<Handshake, Refusal>& onion, Handshake& handshake) {
  try {
    const HandshakeResult result = result_of(onion, handshake);
    return result ? result->status : 0;
  } catch (const std::exception&) {
    return -1;
  }
}

}  // namespace weft::framework
