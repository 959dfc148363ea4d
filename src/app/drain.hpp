// Drain: how a node leaves. Clients are told to come back over `over`, not all at once; then what
// stands in the queues goes to its consumers; then `done`. Owned by the server, which outlives the
// loops' threads, so that it may be cut short at any moment.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "app/loop_rooms.hpp"

namespace weft {

struct DrainOptions {
  Millis over{10'000};            ///< clients are closed over this time
  Millis clients_timeout{5'000};  ///< then, for their closing handshakes
  Millis queue_timeout{5'000};    ///< for consumers to take what is left
};

class Drain {
 public:
  /// `done` runs on the first loop.
  Drain(const std::vector<LoopRooms*>& rooms, LocalNode& node, DrainOptions options,
        std::function<void()> done);
  ~Drain();

  /// On the first loop.
  void start();

 private:
  struct Share;  // one loop's clients
  void begin(Share& share);
  void close_some(Share& share);
  void share_done();

  LocalNode& node_;
  net::Loop& first_loop_;
  DrainOptions options_;
  std::function<void()> done_;
  std::vector<std::unique_ptr<Share>> shares_;
  std::size_t waiting_ = 0;  // shares that have clients left
};

}  // namespace weft
