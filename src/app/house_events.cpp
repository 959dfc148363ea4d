#include "app/house_events.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.hpp"

namespace weft {

namespace json = boost::json;

HouseEvents::HouseEvents(const Config& config, LocalNode& node,
                         const framework::Application& application)
    : node_(node),
      application_(application),
      announces_(config.presence.announce),
      has_listeners_(!config.cluster.events.empty()) {
  if (has_listeners_)
    node_.set_on_user([this](ConnectionId id, const std::string& user, bool bound) {
      tell({bound ? "register" : "logout", node_.id(), user, {}, id});
    });
  if (!config.presence.channels.empty())
    node_.watch_presence({config.presence.channels, config.presence.debounce}, *this);
}

template <class Event>
void HouseEvents::raise(const Event& event) {
  application_.bus.raise(event, [](std::exception_ptr) {
    log::error("a subscriber of an event of the cluster threw");
  });
}

// Queues and scripts are those of the first loop.
void HouseEvents::tell(const Words& words) {
  if (!has_listeners_) return;
  json::object all{{"event", words.event}, {"node", words.node}};
  if (words.connection != ConnectionId::none) all["connection"] = to_string(words.connection);
  if (words.connection != ConnectionId::none) all["user"] = words.user;
  if (!words.channel.empty()) all["channel"] = words.channel;
  node_.loops().at(0).post([this, id = words.connection, text = json::serialize(all)] {
    if (listener_) listener_(id, text);
  });
}

void HouseEvents::seen(const NodeInfo& node, bool first) {
  raise(NodeSeen{node.id, first});
  if (first) tell({"discover", node.id});
}

void HouseEvents::gone(const NodeInfo& node, bool died) {
  raise(NodeDown{node.id, died ? NodeDown::Why::lost : NodeDown::Why::stopped});
  tell({"shutdown", node.id});
}

void HouseEvents::lost(const NodeInfo& node, ConnectionId connection, const std::string& user) {
  raise(ConnectionLost{node.id, connection, user});
  tell({"lost", node.id, user, {}, connection});
}

void HouseEvents::on_presence(const PresenceChange& change) {
  if (change.joined)
    raise(PresenceJoined{change.channel, change.connection, change.user, change.node});
  else
    raise(PresenceLeft{change.channel, change.connection, change.user, change.node});
  tell({change.joined ? "join" : "leave", change.node, change.user, change.channel,
        change.connection});
  if (announces_) announce(change);
}

void HouseEvents::announce(const PresenceChange& change) {
  const json::object event{{"event", change.joined ? "presence.join" : "presence.leave"},
                           {"data", json::object{{"channel", change.channel},
                                                 {"connection", to_string(change.connection)},
                                                 {"user", change.user},
                                                 {"node", change.node}}}};
  Outbound what{DataType::text, SharedBytes::copy_of(json::serialize(event)), true};
  node_.publish(node_.loops().at(0), change.channel, std::move(what),
                [](const Result<PublishCount>&) {});
}

}  // namespace weft
