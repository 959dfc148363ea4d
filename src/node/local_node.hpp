// LocalNode: the Node of one process. Every order goes to the loop that owns its connection or
// channel and its answer back to the loop that asked. In a mesh, orders for connections of other
// nodes and what others listen to go there too (other_nodes.hpp); what other nodes order comes in
// through mesh_orders.hpp and stays here.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/node_id.hpp"
#include "hub/hub.hpp"
#include "node/node.hpp"
#include "node/other_nodes.hpp"
#include "node/place.hpp"
#include "node/presence.hpp"

namespace weft {

class LocalNode final : public Node {
 public:
  LocalNode(net::LoopPool& loops, queue::Queue& queue, metrics::Registry& metrics, unsigned slot);

  void send(net::Loop& from, ConnectionId id, DataType type, SharedBytes data,
            Completion<error_code> done) override;
  void send_event(net::Loop& from, ConnectionId id, std::string event, boost::json::value data,
                  Completion<error_code> done) override;
  void publish(net::Loop& from, std::string_view channel, DataType type, SharedBytes data,
               Completion<Result<PublishCount>> done) override;
  void subscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                 Completion<error_code> done) override;
  void unsubscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                   Completion<error_code> done) override;
  void set_context(net::Loop& from, ConnectionId id, std::string json_object,
                   Completion<error_code> done) override;
  WatchId watch(net::Loop& from, std::vector<std::string> channels, OnPublication on_publication,
                Completion<error_code> done) override;
  void unwatch(net::Loop& from, WatchId watch) override;
  void close(net::Loop& from, ConnectionId id, std::uint16_t code, std::string reason,
             Completion<error_code> done) override;

  void push_all(net::Loop& from, Outbound what, PushRules rules,
                Completion<Delivered> done) override;
  void push_some(net::Loop& from, std::vector<ConnectionId> to, Outbound what, PushRules rules,
                 Completion<Delivered> done) override;
  void push_user(net::Loop& from, std::string_view user, Outbound what,
                 Completion<Result<PublishCount>> done) override;
  void publish(net::Loop& from, std::string_view channel, Outbound what,
               Completion<Result<PublishCount>> done) override;
  void connection(net::Loop& from, ConnectionId id,
                  Completion<std::optional<ConnectionInfo>> done) override;
  void connections(net::Loop& from, ConnectionId after, std::size_t limit,
                   Completion<ConnectionPage> done) override;
  void hold(net::Loop& from, ConnectionId id, bool held, Completion<error_code> done) override;
  /// Whether it is there, on any node. Errors: no_such_connection; unreachable: nobody can say.
  void find(net::Loop& from, ConnectionId id, Completion<error_code> done);
  /// It is, or was, another node's.
  bool is_elsewhere(ConnectionId id) const { return others_ && slot_of(id) != slot(); }
  /// Connections that are open. Any thread.
  std::size_t connections() const;

  void nodes(net::Loop& from, Completion<std::vector<NodeInfo>> done) override;
  void bus(net::Loop& from, Completion<std::optional<BusStatus>> done) override;
  void clients_in(net::Loop& from, std::string_view channel,
                  Completion<Result<StandingList>> done) override;
  void clients_of(net::Loop& from, std::string_view user,
                  Completion<Result<StandingList>> done) override;
  void kick(net::Loop& from, std::string_view user, std::uint16_t code, std::string reason,
            Completion<Result<Kicked>> done) override;
  void bind_user(net::Loop& from, ConnectionId id, std::string user, OtherConnections others,
                 Completion<Result<Kicked>> done) override;
  void unbind_user(net::Loop& from, ConnectionId id, std::string user,
                   Completion<error_code> done) override;

  // --- the mesh ---
  /// Before the loops run: from now on orders reach other nodes.
  void join(std::shared_ptr<cluster::Mesh> mesh);
  /// The loops have stopped: the mesh goes.
  void leave() { others_.reset(); }
  /// The place of this node in the ids that it gives. Before the loops run, or on the first loop
  /// while no connection is left.
  void set_slot(unsigned slot);
  unsigned slot() const { return slot_.load(std::memory_order_relaxed); }
  // What the others order, for this node alone; names are good ones.
  void publish_here(net::Loop& from, std::string_view channel, Outbound what,
                    Completion<PublishCount> done);
  void push_all_here(net::Loop& from, Outbound what, PushRules rules, Completion<Delivered> done);
  void push_some_here(net::Loop& from, std::vector<ConnectionId> to, Outbound what, PushRules rules,
                      Completion<Delivered> done);
  /// The clients of this node in a channel, also of a user; ordered by id.
  void clients_here(net::Loop& from, std::string channel,
                    Completion<std::vector<ConnectionInfo>> done);
  void kick_here(net::Loop& from, Kick kick, Completion<std::size_t> done);
  /// See Place. Any thread.
  void close_all_told();
  /// Before the loops run: tells `sink` who enters and leaves channels.
  void watch_presence(PresenceRules rules, PresenceSink& sink);
  /// nullptr = no channel is watched.
  Presence* presence() { return presence_.get(); }
  OtherNodes* others() { return others_.get(); }  ///< nullptr = this node is alone
  /// Hears of users too, on their connections' loops. Before the loops run, and before join().
  void set_on_user(Place::OnUser on_user);
  /// How people call it and where workers find it, for self(). Before the loops run.
  void introduce(std::string name, std::string api);
  /// About this node alone. Any thread.
  NodeInfo self() const;
  net::LoopPool& loops() { return loops_; }

  const Users& users() const { return users_; }

  queue::Queue& queue() override { return queue_; }
  metrics::Registry& metrics() override { return metrics_; }
  void status(net::Loop& from, Completion<NodeStatus> done) override;
  NodeStatus status() const;  ///< any thread
  const std::string& id() const override { return id_; }
  bool draining() const override { return draining_; }
  std::vector<std::string_view> not_ready() const override;

  Place& place(const net::Loop& loop) { return *places_[loop.index()]; }

  /// Says in status and readiness that the node is going away.
  void set_draining() { draining_ = true; }

  /// Where listeners count themselves while they pause for want of descriptors.
  std::shared_ptr<std::atomic<int>> paused_listeners() const { return paused_listeners_; }

 private:
  std::vector<Place*> all_places() const;
  Completion<error_code> when_others_know(net::Loop& from, const std::vector<std::string>& channels,
                                          Completion<error_code> done);
  void publish_everywhere(net::Loop& from, std::string_view channel, Outbound what,
                          Completion<Result<PublishCount>> done);
  void who(net::Loop& from, mesh::Control what, std::string name, std::string channel,
           Completion<Result<StandingList>> done);
  void kick_everywhere(net::Loop& from, Kick kick, Completion<Result<Kicked>> done);
  /// Runs `act(place, session)` on the loop of `id` and brings the error it gives to `done` on
  /// `from`.
  template <class Act>
  void on_session(net::Loop& from, ConnectionId id, Completion<error_code> done, Act act);

  net::LoopPool& loops_;
  queue::Queue& queue_;
  metrics::Registry& metrics_;
  hub::Hub hub_;
  Users users_;
  std::string id_, name_, api_;
  std::atomic<unsigned> slot_;
  std::unique_ptr<OtherNodes> others_;  // null = this node is alone
  std::unique_ptr<Presence> presence_;
  Place::OnUser on_user_;
  SteadyTime started_ = std::chrono::steady_clock::now();
  std::atomic<bool> draining_ = false;
  std::shared_ptr<std::atomic<int>> paused_listeners_ = std::make_shared<std::atomic<int>>(0);
  std::vector<std::unique_ptr<Place>> places_;
};

template <class Act>
void LocalNode::on_session(net::Loop& from, ConnectionId id, Completion<error_code> done, Act act) {
  net::Loop& home = loops_.at(loop_of(id, loops_.size()));
  home.dispatch([this, &from, &home, id, done = std::move(done), act = std::move(act)]() mutable {
    Place& place = *places_[home.index()];
    session::Session* session = slot_of(id) == slot() ? place.find(id) : nullptr;
    const error_code error =
        session ? act(place, *session) : make_error_code(NodeErrc::no_such_connection);
    from.dispatch([done = std::move(done), error] { done(error); });
  });
}

}  // namespace weft
