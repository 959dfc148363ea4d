// Place: what one loop of the node holds: its sessions by id, its shard of the hub, the ids it
// gives. Everything runs on that loop.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <span>
#include <string>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/metrics.hpp"
#include "hub/hub.hpp"
#include "net/loop.hpp"
#include "node/node.hpp"
#include "session/session.hpp"

namespace weft {

class Place final : public session::SessionOwner {
 public:
  Place(net::Loop& loop, hub::Hub& hub, unsigned slot, metrics::Registry& metrics);
  ~Place();

  net::Loop& loop() { return loop_; }

  /// A session with a new id, known from here on. The transport owns it.
  std::unique_ptr<session::Session> admit(transport::Connection& connection,
                                          session::Dialect& dialect, std::size_t max_channels);
  /// nullptr when there is none (any more).
  session::Session* find(ConnectionId id);
  std::vector<ConnectionId> ids() const;
  std::size_t sessions() const { return sessions_.size(); }

  /// All of the channels, or none when one of them is refused.
  error_code subscribe(session::Session& session, std::span<const std::string> channels);
  error_code unsubscribe(session::Session& session, std::span<const std::string> channels);

  WatchId watch(const std::vector<std::string>& channels, OnPublication on_publication);
  void unwatch(WatchId watch);

 private:
  class Watcher;
  void on_session_end(session::Session& session) override;
  void count_channels();

  net::Loop& loop_;
  hub::Shard& shard_;
  IdMaker ids_;
  boost::unordered_flat_map<ConnectionId, session::Session*> sessions_;
  std::unordered_map<WatchId, std::unique_ptr<Watcher>> watchers_;
  WatchId last_watch_ = 0;
  metrics::Gauge &connections_, &channels_, &subscriptions_;
  metrics::Counter &opened_, &closed_;
};

}  // namespace weft
