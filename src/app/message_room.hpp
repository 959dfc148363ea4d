// MessageRoom: the message queue of one node, wired: its storage, who adds and who delivers. Made
// before the doors open, stopped when the clients are gone and before the loops end.
#pragma once
#include <functional>
#include <memory>

#include "api/message_door.hpp"
#include "app/config.hpp"
#include "framework/application.hpp"
#include "framework/message_drain.hpp"
#include "framework/message_queue.hpp"
#include "framework/node_recipients.hpp"

namespace weft {

class MessageRoom {
 public:
  /// The storage is the application's, else what the configuration names. `lasting_slot`: of this
  /// node at every start, also when its place in the cluster is another one. Throws
  /// std::runtime_error when it cannot be made.
  MessageRoom(const Config& config, unsigned lasting_slot, net::LoopPool& loops, LocalNode& node,
              const framework::Application& application);

  MessageQueue& queue() { return queue_; }
  /// With engine none nobody adds over the API; a program may still queue for itself, in memory.
  api::MessageDoor door() {
    return is_offered_ ? api::MessageDoor{&queue_, storage_.get()} : api::MessageDoor{};
  }

  // On the first loop:
  void start() { drain_->start(); }
  /// `done` when nothing of it runs any more.
  void stop(std::function<void()> done) { drain_->stop(std::move(done)); }

 private:
  const bool is_offered_;
  std::shared_ptr<MessageStorage> storage_;
  framework::NodeRecipients recipients_;
  framework::StoredQueue queue_;
  std::shared_ptr<framework::MessageDrain> drain_;
};

}  // namespace weft
