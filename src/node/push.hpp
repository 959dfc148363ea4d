// Push: one message for many connections of the node, by id or for all. The frame is built once;
// every loop walks over its own receivers a page at a time (pieces.hpp), and the counts come back
// added up.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "hub/subscriber.hpp"
#include "net/loop.hpp"
#include "node/place.hpp"
#include "weft/send.hpp"

namespace weft {

class Push final : public std::enable_shared_from_this<Push> {
 public:
  using Done = std::function<void(Delivered)>;

  /// `what.ws_frame` is built here. `done` runs on `from`, after the last loop has finished; it is
  /// destroyed without having run when the loops stop before.
  Push(net::Loop& from, hub::Publication what, std::vector<ConnectionId> except, std::size_t page,
       Done done);

  /// To everybody who is connected when a loop begins; once, for the places of all loops.
  void to_all(const std::vector<Place*>& places);
  /// To these, each once; `slot` is the node's own: ids of others are gone.
  void to_some(const std::vector<Place*>& places, std::vector<ConnectionId> to, unsigned slot);

 private:
  struct Walk;
  bool is_excepted(ConnectionId id) const;
  void start(Place& place, std::shared_ptr<Walk> walk);
  void tell();
  bool page_of_all(Place& place, Walk& walk);
  bool page_of_some(Place& place, Walk& walk);
  void give(session::Session& session, Walk& walk);
  void finish(const Walk& walk);

  net::Loop& from_;
  hub::Publication publication_;
  std::vector<ConnectionId> except_;  // sorted
  std::size_t page_;
  Done done_;
  std::atomic<std::size_t> waiting_{0}, queued_{0}, dropped_{0}, gone_{0};
};

}  // namespace weft
