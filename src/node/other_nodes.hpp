// OtherNodes: what this node wants of the others. Calls come from any loop of the node, go to the
// mesh's loop and their answers come back to the loop that asked.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/mesh.hpp"
#include "node/letter.hpp"
#include "node/node.hpp"
#include "node/presence_book.hpp"

namespace weft {

/// The key under which a node keeps the connection of a user: this and the id. Its value is the
/// user's name.
inline constexpr std::string_view kUserConnection = "u:";
/// The same of a member of node/presence_book: this, the channel, " " and the member. Its value is
/// the last connection, " " and the node where that was, nothing = this one.
inline constexpr std::string_view kPresentMember = "p:";
std::string present_member(std::string_view channel, std::string_view member);

/// Who has to go, and how.
struct Kick {
  std::string user;
  std::uint16_t code = 1000;
  std::string reason = {};
  ConnectionId keep = ConnectionId::none;  ///< not this one
  bool unbind = false;                     ///< they stay open, but are the user's no more
};

/// Before somebody's join or leave is told.
struct PresenceAsk {
  mesh::Kind what = mesh::Kind::join;
  std::string channel, member;
  bool is_taken_over = false;  ///< its leave is told for a dead node
};

class OtherNodes {
 public:
  explicit OtherNodes(std::shared_ptr<cluster::Mesh> mesh) : mesh_(std::move(mesh)) {}

  /// false = surely nobody elsewhere listens to the channel.
  bool may_want(std::string_view channel) const;
  std::size_t count() const { return mesh_->others(); }
  bool carries(std::size_t bytes) const { return bytes <= mesh_->max_body(); }

  /// To the node whose slot is in `id`. Errors: those of that node, no_such_connection,
  /// unreachable, too_large.
  void order(net::Loop& from, ConnectionId id, Letter letter, Completion<error_code> done);
  void describe(net::Loop& from, ConnectionId id, Completion<std::optional<ConnectionInfo>> done);
  /// To all who listen there. Without `done` nobody waits for counts.
  void publish(net::Loop& from, std::string_view channel, Outbound what,
               Completion<PublishCount> done);
  void push_all(net::Loop& from, Outbound what, const PushRules& rules, Completion<Delivered> done);
  /// `to` are of other nodes.
  void push_some(net::Loop& from, std::vector<ConnectionId> to, Outbound what,
                 Completion<Delivered> done);
  /// `what` is Control::presence or user, `name` the channel or user.
  void ask_who(net::Loop& from, mesh::Control what, std::string name,
               Completion<StandingList> done);
  void kick(net::Loop& from, Kick kick, Completion<Kicked> done);
  void nodes(net::Loop& from, Completion<std::vector<NodeInfo>> done);
  void bus(net::Loop& from, Completion<std::optional<BusStatus>> done);
  /// Runs `done` on `from` when the others know what this node listens to by now. `homes`: the home
  /// loops of the channels in question.
  void when_known(net::Loop& from, std::vector<net::Loop*> homes, std::function<void()> done);

  /// The node listens to a channel from now on, or not any more.
  void want(std::string_view channel, bool wanted);

  /// Whether the member stands, or has just stood, on another node. For one that does not answer
  /// speaks what it has kept.
  void ask_presence(net::Loop& from, PresenceAsk ask, Completion<Elsewhere> done);
  /// Another node tells its leave in our place; false = there is none. On the mesh's loop.
  void hand_over(net::Loop& from, std::string channel, std::string member, ConnectionId id,
                 Completion<bool> done);
  /// See Mesh::keep.
  void keep(std::string key, std::optional<std::string> value);

  /// Somebody shall hear of the connection's end if this node dies.
  void keep_user(ConnectionId id, std::string user, bool bound);

  const std::shared_ptr<cluster::Mesh>& mesh() const { return mesh_; }

 private:
  std::shared_ptr<cluster::Mesh> mesh_;
};

/// How connections are written between nodes; what cannot be read is left out.
std::string write_connections(std::span<const ConnectionInfo> all);
std::vector<ConnectionInfo> read_connections(std::string_view json);
/// About a node, from what it tells in its beats.
NodeInfo node_info(const cluster::Member& member);

/// How an error travels: 0 = fine.
std::uint64_t error_number(error_code error);
error_code error_of(std::uint64_t number);

}  // namespace weft
