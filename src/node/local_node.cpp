#include "node/local_node.hpp"

#include <boost/json/serialize.hpp>

#include "node/channel_name.hpp"
#include "weft/version.hpp"

namespace weft {

std::vector<std::string_view> LocalNode::not_ready() const {
  std::vector<std::string_view> reasons;
  if (draining_) reasons.push_back("draining");
  if (paused_listeners_->load(std::memory_order_relaxed) > 0) reasons.push_back("fd_limit");
  if (!queue_.is_ready()) reasons.push_back("queue_down");
  if (others_)
    for (const std::string_view problem : others_->mesh()->problems()) reasons.push_back(problem);
  return reasons;
}

LocalNode::LocalNode(net::LoopPool& loops, queue::Queue& queue, metrics::Registry& metrics,
                     unsigned slot)
    : loops_(loops),
      queue_(queue),
      metrics_(metrics),
      hub_(loops),
      id_(to_string(new_node_id())),
      slot_(slot) {
  // A node alone has the slot of its configuration, one in a mesh gets it with its lease.
  for (auto& loop : loops)
    places_.push_back(std::make_unique<Place>(*loop, hub_, users_, slot, metrics));
}

namespace {

std::string join_names(const std::vector<std::string>& channels) {
  std::string all;
  for (const std::string& channel : channels) all.append(channel).push_back('\0');
  return all;
}

}  // namespace

void LocalNode::join(std::shared_ptr<cluster::Mesh> mesh) {
  others_ = std::make_unique<OtherNodes>(std::move(mesh));
  hub_.set_on_wanted(
      [this](std::string_view channel, bool wanted) { others_->want(channel, wanted); });
  for (auto& place : places_)
    place->set_on_user([this](ConnectionId id, const std::string& user, bool bound) {
      others_->keep_user(id, user, bound);
      if (on_user_) on_user_(id, user, bound);
    });
}

void LocalNode::set_on_user(Place::OnUser on_user) {
  on_user_ = std::move(on_user);
  for (auto& place : places_) place->set_on_user(on_user_);
}

void LocalNode::watch_presence(PresenceRules rules, PresenceSink& sink) {
  presence_ = std::make_unique<Presence>(*this, std::move(rules), sink);
  for (auto& place : places_) {
    Place::OnPresence hook;
    hook.wants = [this](std::string_view channel) { return presence_->wants(channel); };
    hook.moved = [this](ConnectionId id, const std::string& channel, const std::string& user,
                        bool joined) { presence_->moved(id, channel, user, joined); };
    place->set_on_presence(std::move(hook));
  }
}

void LocalNode::close_all_told() {
  for (auto& place : places_) place->loop().dispatch([&place = *place] { place.close_all_told(); });
}

void LocalNode::set_slot(unsigned slot) {
  slot_.store(slot);
  for (auto& place : places_)
    place->loop().dispatch([&place = *place, slot] { place.set_slot(slot); });
}

// Who is told "subscribed" gets what any node publishes after that.
Completion<error_code> LocalNode::when_others_know(net::Loop& from,
                                                   const std::vector<std::string>& channels,
                                                   Completion<error_code> done) {
  if (!others_) return done;
  std::vector<net::Loop*> homes;
  for (const std::string& channel : channels) homes.push_back(&hub_.home_of(channel));
  return [this, &from, homes = std::move(homes), done = std::move(done)](error_code error) {
    if (error || homes.empty()) return done(error);
    others_->when_known(from, homes, [done] { done({}); });
  };
}

void LocalNode::send(net::Loop& from, ConnectionId id, DataType type, SharedBytes data,
                     Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::send, id);
    letter.envelope.type = type;
    letter.data = std::move(data);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  on_session(from, id, std::move(done),
             [type, data = std::move(data)](Place&, session::Session& session) {
               return session.dialect().push(session, type, data.bytes());
             });
}

void LocalNode::send_event(net::Loop& from, ConnectionId id, std::string event,
                           boost::json::value data, Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::send_event, id);
    letter.name = std::move(event);
    letter.text = boost::json::serialize(data);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  on_session(from, id, std::move(done),
             [event = std::move(event), data = std::move(data)](Place&, session::Session& session) {
               return session.dialect().push_event(session, event, data);
             });
}

void LocalNode::publish(net::Loop& from, std::string_view channel, DataType type, SharedBytes data,
                        Completion<Result<PublishCount>> done) {
  publish(from, channel, {type, std::move(data)}, std::move(done));
}

void LocalNode::subscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                          Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::subscribe, id);
    letter.text = join_names(channels);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  auto known = when_others_know(from, channels, std::move(done));
  on_session(from, id, std::move(known),
             [channels = std::move(channels)](Place& place, session::Session& session) {
               return place.subscribe(session, channels);
             });
}

void LocalNode::unsubscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                            Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::unsubscribe, id);
    letter.text = join_names(channels);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  on_session(from, id, std::move(done),
             [channels = std::move(channels)](Place& place, session::Session& session) {
               return place.unsubscribe(session, channels);
             });
}

void LocalNode::set_context(net::Loop& from, ConnectionId id, std::string json_object,
                            Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::set_context, id);
    letter.text = std::move(json_object);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  on_session(from, id, std::move(done),
             [json = std::move(json_object)](Place&, session::Session& session) {
               return session.dialect().set_context(session, json);
             });
}

void LocalNode::close(net::Loop& from, ConnectionId id, std::uint16_t code, std::string reason,
                      Completion<error_code> done) {
  if (is_elsewhere(id)) {
    Letter letter = Letter::control(mesh::Control::close, id);
    letter.envelope.numbers.push_back(code);
    letter.text = std::move(reason);
    return others_->order(from, id, std::move(letter), std::move(done));
  }
  on_session(from, id, std::move(done),
             [code, reason = std::move(reason)](Place&, session::Session& session) {
               session.connection().close(code, reason);
               return error_code{};
             });
}

WatchId LocalNode::watch(net::Loop& from, std::vector<std::string> channels,
                         OnPublication on_publication, Completion<error_code> done) {
  const bool good = std::all_of(channels.begin(), channels.end(), is_channel_name);
  if (!good) channels.clear();
  const WatchId watch = place(from).watch(channels, std::move(on_publication));
  done(good ? error_code{} : make_error_code(NodeErrc::bad_channel));
  return watch;
}

void LocalNode::unwatch(net::Loop& from, WatchId watch) { place(from).unwatch(watch); }

void LocalNode::status(net::Loop& from, Completion<NodeStatus> done) {
  from.dispatch([done = std::move(done), status = status()] { done(status); });
}

NodeStatus LocalNode::status() const {
  NodeStatus status{.id = id_, .version = kVersion};
  status.uptime =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_);
  const auto total = [&](const char* name) {
    return static_cast<std::size_t>(metrics_.total(name));
  };
  status.loops = loops_.size();
  status.connections = total("weft_connections");
  status.channels = total("weft_channels");
  status.subscriptions = total("weft_subscriptions");
  status.messages_in = metrics_.total("weft_messages_total", "way=\"in\"");
  status.messages_out = metrics_.total("weft_messages_total", "way=\"out\"");
  status.draining = draining_;
  return status;
}

}  // namespace weft
