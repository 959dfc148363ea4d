// MeshOrders: what other nodes order of this one. Every order goes to a loop of the node, its
// answer back to the mesh's loop. Orders about one connection or channel keep their order.
#pragma once
#include <functional>
#include <memory>

#include "cluster/mesh.hpp"
#include "node/letter.hpp"
#include "node/local_node.hpp"

namespace weft {

/// Upcall: what the nodes of the mesh do. On the mesh's loop.
class MeshWatcher {
 public:
  virtual ~MeshWatcher() = default;
  virtual void on_node(const NodeInfo& node, bool is_new) = 0;
  virtual void on_node_gone(const NodeInfo& node, bool died) = 0;
  /// What a dead node kept: see Kept. Told on one node of the mesh.
  virtual void on_left_behind(const NodeInfo& dead, const cluster::Kept& kept) = 0;
  /// The others have told the ends of our connections: they must go without an event.
  virtual void on_buried() = 0;
};

class MeshOrders final : public cluster::MeshSink {
 public:
  /// All of them outlive the mesh.
  MeshOrders(LocalNode& node, MeshWatcher& watcher) : node_(node), watcher_(watcher) {}

  void on_order(NodeId from, const mesh::Envelope& order, cluster::Answer answer) override;
  void on_member(const cluster::Member& member, bool is_new) override;
  void on_member_gone(const cluster::Member& member, bool died) override;
  void on_left_behind(const cluster::Member& dead, const cluster::Kept& kept) override;
  void on_buried() override { watcher_.on_buried(); }
  void on_rejoined(unsigned slot) override;

  void use(const std::shared_ptr<cluster::Mesh>& mesh) { mesh_ = mesh; }

 private:
  struct Order;
  void publish(const std::shared_ptr<Order>& order);
  void push_all(const std::shared_ptr<Order>& order);
  void push_some(const std::shared_ptr<Order>& order);
  void presence(const std::shared_ptr<Order>& order);
  void control(const std::shared_ptr<Order>& order);
  void to_connection(const std::shared_ptr<Order>& order, mesh::Control what, ConnectionId id);
  bool about_names(const std::shared_ptr<Order>& order, mesh::Control what);
  net::Loop& loop_for(const Order& order) const;

  LocalNode& node_;
  MeshWatcher& watcher_;
  std::weak_ptr<cluster::Mesh> mesh_;
};

}  // namespace weft
