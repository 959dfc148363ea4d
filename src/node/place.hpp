// Place: what one loop of the node holds: its sessions by id, its shard of the hub, the ids it
// gives. Everything runs on that loop.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/metrics.hpp"
#include "hub/hub.hpp"
#include "net/loop.hpp"
#include "node/node.hpp"
#include "node/pieces.hpp"
#include "node/roster.hpp"
#include "node/users.hpp"
#include "session/session.hpp"

namespace weft {

class Place final : public session::SessionOwner {
 public:
  Place(net::Loop& loop, hub::Hub& hub, Users& users, unsigned slot, metrics::Registry& metrics);
  ~Place();

  net::Loop& loop() { return loop_; }
  /// The node's, in the ids that are given from now on. On this loop, or before it runs.
  void set_slot(unsigned slot);
  unsigned slot() const { return slot_; }

  /// A session with a new id, known from here on. The transport owns it.
  std::unique_ptr<session::Session> admit(transport::Connection& connection,
                                          session::Dialect& dialect, std::size_t max_channels);
  /// nullptr when there is none (any more).
  session::Session* find(ConnectionId id);
  std::vector<ConnectionId> ids() const;
  std::size_t sessions() const { return sessions_.size(); }
  std::size_t open_connections() const {  ///< the same, any thread
    return static_cast<std::size_t>(connections_.value());
  }
  /// The sessions in the order of their ids.
  const Roster& roster() const { return roster_; }
  /// Where walks over many of them are done piece by piece.
  Pieces& pieces() { return pieces_; }
  ConnectionInfo info(session::Session& session) const;

  /// All of the channels, or none when one of them is refused.
  error_code subscribe(session::Session& session, std::span<const std::string> channels);
  error_code unsubscribe(session::Session& session, std::span<const std::string> channels);

  /// Binds the session to a user in place of the one it had. Gives how many connections of this
  /// node the user has now. Errors: bad_user, delivering.
  Result<std::size_t> bind_user(session::Session& session, const std::string& user);
  /// Channels and users stay as they are now: a publication is on its way through this loop.
  bool is_delivering() const { return shard_.is_walking(); }
  struct Unbound {
    std::string user;
    bool last;  ///< the user has no other connection on this node
  };
  /// nullopt = it was nobody's. The end of a session does it too, after its dialect's on_close();
  /// who wants to know whether it was the last one does it there.
  std::optional<Unbound> unbind_user(ConnectionId id);
  /// Hears of every binding, and of its end after the dialect's on_close(). Before the loops run.
  using OnUser = std::function<void(ConnectionId id, const std::string& user, bool bound)>;
  void set_on_user(OnUser on_user) { on_user_ = std::move(on_user); }
  /// Hears of every client that enters or leaves a channel that `wants` likes, by its end too.
  /// Binding it to another user is a leave and a join. Before the loops run.
  struct OnPresence {
    std::function<bool(std::string_view channel)> wants;
    std::function<void(ConnectionId id, const std::string& channel, const std::string& user,
                       bool joined)>
        moved;
  };
  void set_on_presence(OnPresence on_presence) { on_presence_ = std::move(on_presence); }
  /// Closes every connection because the others hold this node for dead. The ends of those that
  /// belong to users were told there: is_told() says so until they are over.
  void close_all_told();
  bool is_told(ConnectionId id) const { return told_.contains(id); }
  /// "" = nobody.
  const std::string& user_of(const session::Session& session) const;

  WatchId watch(const std::vector<std::string>& channels, OnPublication on_publication);
  void unwatch(WatchId watch);

 private:
  class Watcher;
  void on_session_end(session::Session& session) override;
  void on_session_over(session::Session& session) override;
  void count_channels();
  void enter(session::Session& session, const std::string& channel);
  void depart(session::Session& session, const std::string& channel);
  void rename(ConnectionId id, const std::string& from, const std::string& to);

  net::Loop& loop_;
  unsigned slot_;
  hub::Shard& shard_;
  Users& users_;
  IdMaker ids_;
  Roster roster_;
  Pieces pieces_;
  boost::unordered_flat_map<ConnectionId, session::Session*> sessions_;
  boost::unordered_flat_map<ConnectionId, std::string> bound_;  // to users
  std::unordered_map<WatchId, std::unique_ptr<Watcher>> watchers_;
  WatchId last_watch_ = 0;
  OnUser on_user_;
  OnPresence on_presence_;
  boost::unordered_flat_map<ConnectionId, std::vector<std::string>> present_;  // in such channels
  boost::unordered_flat_set<ConnectionId> told_;
  metrics::Gauge &connections_, &channels_, &subscriptions_;
  metrics::Counter &opened_, &closed_;
};

}  // namespace weft
