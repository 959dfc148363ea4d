// Drain: how a node leaves. Clients are told to come back over `over`, not all at once; then what
// stands in the queues goes to its consumers; then `done`. Coordinated on the first loop.
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

class Drain : public std::enable_shared_from_this<Drain> {
 public:
  Drain(std::vector<LoopRooms*> rooms, LocalNode& node, DrainOptions options,
        std::function<void()> done);

  /// On the first loop.
  void start();

 private:
  struct Share;  // one loop's clients
  void close_some(const std::shared_ptr<Share>& share);
  void share_done();
  void flush_queues();

  std::vector<LoopRooms*> rooms_;
  LocalNode& node_;
  DrainOptions options_;
  std::function<void()> done_;
  std::size_t waiting_ = 0;
};

}  // namespace weft
