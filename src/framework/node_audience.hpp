// NodeAudience: replies to others than the sender, from one loop of the node.
#pragma once
#include "framework/reply.hpp"
#include "node/node.hpp"

namespace weft::framework {

class NodeAudience final : public Audience {
 public:
  NodeAudience(Node& node, net::Loop& loop) : node_(node), loop_(loop) {}

  Answer<Delivered> send_some(std::vector<ConnectionId> to, std::vector<ConnectionId> except,
                              std::string bytes, DataType type) override;
  Answer<Delivered> send_all(std::vector<ConnectionId> except, std::string bytes,
                             DataType type) override;
  Answer<Delivered> send_channel(std::string channel, std::string bytes, DataType type) override;

 private:
  Node& node_;
  net::Loop& loop_;
};

}  // namespace weft::framework
