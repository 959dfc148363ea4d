// Cluster: what a program asks of all nodes at once, over Server::cluster(). On a node that is
// alone everything works too and means this node.
//
//   const weft::Delivered all = co_await server.cluster().transport_to_uid(
//       weft::Payload::event("NEWS", "hello"), "ann", "bob");
//   if (all.unreachable > 0) log("some nodes did not say what became of it");
//
// May be called from any thread; nothing blocks.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "weft/answer.hpp"
#include "weft/codes.hpp"
#include "weft/nodes.hpp"
#include "weft/payload.hpp"
#include "weft/result.hpp"
#include "weft/send.hpp"

namespace weft {

class Cluster {
 public:
  explicit Cluster(class Embedded& embedded) : embedded_(embedded) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// To every connection of these users, each user once; nobody named: to everybody. A user of whom
  /// nobody is connected counts as one `gone`.
  Answer<Delivered> transport(Payload payload, std::vector<std::string> users = {});
  /// To every connection of these users; nobody named: to nobody.
  Answer<Delivered> transport_to_users(Payload payload, std::vector<std::string> users);
  template <class... Users>
  Answer<Delivered> transport_to_uid(Payload payload, Users&&... users) {
    return transport_to_users(std::move(payload), {std::string(std::forward<Users>(users))...});
  }
  /// To every connection of every node.
  Answer<Delivered> transport_to_all(Payload payload, std::vector<ConnectionId> except = {});
  /// To exactly these, each once, wherever they are.
  Answer<Delivered> transport_to_conn(Payload payload, std::vector<ConnectionId> to);

  /// Makes a connection of any node one of `user`; gives what became of the user's others, when
  /// every node knows of it, or did not say so in time. Errors:
  /// "no such connection", "bad user name", "did not answer in time".
  Answer<Result<Kicked>> register_user(ConnectionId id, std::string user,
                                       OtherConnections others = OtherConnections::stay);
  /// Ends that; with `user` only if the connection belongs to it. Errors: also "not bound to this
  /// user".
  Answer<Result<void>> logout(ConnectionId id, std::string user = {});
  /// Closes every connection of a user. Errors: "bad user name", invalid_argument for the code.
  Answer<Result<Kicked>> kick(std::string user, CloseCode code = CloseCode::normal,
                              std::string reason = {});

  /// A connection of any node enters channels, all of them or none, or leaves them. Like that of
  /// register_user() the answer comes when every node knows of it. Errors: "no such connection",
  /// "bad channel name", "too many channels", "did not answer in time".
  Answer<Result<void>> subscribe(ConnectionId id, std::vector<std::string> channels);
  Answer<Result<void>> unsubscribe(ConnectionId id, std::vector<std::string> channels);

  /// Every node that is there, this one first.
  Answer<std::vector<NodeInfo>> servers();
  std::string server_id() const;  ///< of this node; "" before it runs
  /// Who stands in a channel, and who is a user, on every node. Errors: "bad channel name", "bad
  /// user name".
  Answer<Result<StandingList>> presence(std::string channel);
  Answer<Result<StandingList>> connections_of(std::string user);
  struct PresenceStats {
    std::size_t connections = 0, users = 0;  ///< nobody's connections are no user
    std::size_t unreachable = 0;             ///< nodes of which neither speaks
  };
  Answer<Result<PresenceStats>> presence_stats(std::string channel);

 private:
  class Embedded& embedded_;
};

}  // namespace weft
