// MeshRoom: this node's part in the cluster, wired: a loop and a thread of its own, the engines,
// the mesh, and who is told what other nodes do. Joined before the doors open, left when the
// clients are gone.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "app/config.hpp"
#include "app/house_events.hpp"
#include "cluster/mesh.hpp"
#include "node/mesh_orders.hpp"

namespace weft {

class MeshRoom final : private MeshWatcher {
 public:
  /// `node` and `events` outlive it.
  MeshRoom(const Config& config, LocalNode& node, HouseEvents& events);
  ~MeshRoom() override;

  /// Waits until this node is part of the cluster and gives its slot. Throws std::runtime_error
  /// that says what is missing.
  unsigned join();
  /// Where workers find this node, from now on.
  void set_api(std::string address);
  /// The other nodes shall hear now how this one is. Any thread.
  void tell_more();
  /// Gives the lease back; `done` on the mesh's loop. Any thread.
  void leave(std::function<void()> done);

 private:
  void on_node(const NodeInfo& node, bool is_new) override;
  void on_node_gone(const NodeInfo& node, bool died) override;
  void on_left_behind(const NodeInfo& dead, const cluster::Kept& kept) override;
  void on_buried() override;
  std::string info() const;

  const ClusterConfig config_;
  const std::string name_;
  const std::optional<unsigned> slot_;
  LocalNode& node_;
  HouseEvents& events_;
  net::Loop loop_;
  MeshOrders orders_;
  std::shared_ptr<cluster::Mesh> mesh_;
  std::string api_;  // on the mesh's loop
  std::thread thread_;
};

}  // namespace weft
