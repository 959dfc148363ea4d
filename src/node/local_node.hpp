// LocalNode: the Node of one process. Every order goes to the loop that owns its connection or
// channel and its answer back to the loop that asked.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "hub/hub.hpp"
#include "node/node.hpp"
#include "node/place.hpp"

namespace weft {

class LocalNode final : public Node {
 public:
  LocalNode(net::LoopPool& loops, queue::Queue& queue, metrics::Registry& metrics, unsigned slot);

  void send(net::Loop& from, ConnectionId id, DataType type, SharedBytes data,
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

  queue::Queue& queue() override { return queue_; }
  metrics::Registry& metrics() override { return metrics_; }
  void status(net::Loop& from, Completion<NodeStatus> done) override;
  const std::string& id() const override { return id_; }
  bool draining() const override { return draining_; }
  std::vector<std::string_view> not_ready() const override;

  Place& place(const net::Loop& loop) { return *places_[loop.index()]; }

  /// Says in status and readiness that the node is going away.
  void set_draining() { draining_ = true; }

  /// Where listeners count themselves while they pause for want of descriptors.
  std::shared_ptr<std::atomic<int>> paused_listeners() const { return paused_listeners_; }

 private:
  /// Runs `act(place, session)` on the loop of `id` and brings the error it gives to `done` on
  /// `from`.
  template <class Act>
  void on_session(net::Loop& from, ConnectionId id, Completion<error_code> done, Act act);

  net::LoopPool& loops_;
  queue::Queue& queue_;
  metrics::Registry& metrics_;
  hub::Hub hub_;
  std::string id_;
  unsigned slot_;
  SteadyTime started_ = std::chrono::steady_clock::now();
  std::atomic<bool> draining_ = false;
  std::shared_ptr<std::atomic<int>> paused_listeners_ = std::make_shared<std::atomic<int>>(0);
  std::vector<std::unique_ptr<Place>> places_;
};

/// A node id: 40 bits of start time, 24 random bits, as 13 base32 characters.
std::string new_node_id();

}  // namespace weft
