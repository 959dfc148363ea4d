// HouseEvents: what happens to nodes, users and presence, told to whoever wants to hear it: the
// lifecycle's subscribers, whom cluster.events names (a queue, a worker, a function of a script),
// and with presence.announce the channel itself.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "framework/application.hpp"
#include "node/local_node.hpp"
#include "node/presence.hpp"

namespace weft {

class HouseEvents final : public PresenceSink {
 public:
  /// `node` and `application` outlive it. Before the loops run.
  HouseEvents(const Config& config, LocalNode& node, const framework::Application& application);

  /// Gives the JSON of an event to those whom cluster.events names; on the first loop.
  void set_listener(std::function<void(ConnectionId, const std::string& json)> listener) {
    listener_ = std::move(listener);
  }

  // Any thread; subscribers run there.
  void seen(const NodeInfo& node, bool first);
  void gone(const NodeInfo& node, bool died);
  void lost(const NodeInfo& node, ConnectionId connection, const std::string& user);

 private:
  /// What an event speaks of; empty words are left out.
  struct Words {
    std::string_view event, node, user = {}, channel = {};
    ConnectionId connection = ConnectionId::none;
  };
  void on_presence(const PresenceChange& change) override;
  void announce(const PresenceChange& change);
  void tell(const Words& words);
  template <class Event>
  void raise(const Event& event);

  LocalNode& node_;
  const framework::Application& application_;
  const bool announces_, has_listeners_;
  std::function<void(ConnectionId, const std::string&)> listener_;
};

}  // namespace weft
