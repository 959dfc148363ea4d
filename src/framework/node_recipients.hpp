// NodeRecipients: connections as the message queue reaches them. A batch goes to the loops that own
// its connections, one post for each of them. A user is reached by the channel of the user's
// connections, and a connection of another node by way of the mesh, one message after the other.
#pragma once
#include "framework/recipients.hpp"
#include "net/loop.hpp"
#include "node/local_node.hpp"

namespace weft::framework {

class NodeRecipients final : public Recipients {
 public:
  /// `loop`: the drain's, on which hand_out() runs.
  NodeRecipients(net::LoopPool& loops, net::Loop& loop, LocalNode& node)
      : loops_(loops), loop_(loop), node_(node) {}

  Task<bool> is_there(ConnectionId id) override;
  Task<bool> is_there(std::string user) override;
  Task<std::vector<Outcome>> hand_out(Messages messages) override;
  Task<std::vector<unsigned>> nodes() override;

 private:
  struct Round;
  void give_to_connections(net::Loop& home, Round& round, const std::vector<std::size_t>& numbers);
  Task<void> give_in_turn(std::shared_ptr<Round> round, std::vector<std::size_t> numbers);
  Task<Outcome> give_to_user(std::string user, std::string event, json::value data);
  Task<Outcome> give_elsewhere(ConnectionId to, std::string event, json::value data);
  Outcome give(Place& place, const QueuedMessage& message);

  net::LoopPool& loops_;
  net::Loop& loop_;
  LocalNode& node_;
};

}  // namespace weft::framework
