#include "node/local_node.hpp"

#include <random>

#include "node/channel_name.hpp"
#include "weft/version.hpp"

namespace weft {

std::vector<std::string_view> LocalNode::not_ready() const {
  std::vector<std::string_view> reasons;
  if (draining_) reasons.push_back("draining");
  if (paused_listeners_->load(std::memory_order_relaxed) > 0) reasons.push_back("fd_limit");
  return reasons;
}

std::string new_node_id() {
  constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  std::random_device random;
  std::uint64_t value =
      static_cast<std::uint64_t>(millis_since_2026() / 16) << 24 | (random() & 0xFFFFFF);
  std::string id(13, '0');
  for (auto digit = id.rbegin(); digit != id.rend(); ++digit, value >>= 5)
    *digit = kDigits[value & 31];
  return id;
}

LocalNode::LocalNode(net::LoopPool& loops, queue::Queue& queue, metrics::Registry& metrics,
                     unsigned slot)
    : loops_(loops),
      queue_(queue),
      metrics_(metrics),
      hub_(loops),
      id_(new_node_id()),
      slot_(slot) {
  for (auto& loop : loops) places_.push_back(std::make_unique<Place>(*loop, hub_, slot, metrics));
}

template <class Act>
void LocalNode::on_session(net::Loop& from, ConnectionId id, Completion<error_code> done, Act act) {
  net::Loop& home = loops_.at(loop_of(id, loops_.size()));
  home.dispatch([this, &from, &home, id, done = std::move(done), act = std::move(act)]() mutable {
    Place& place = *places_[home.index()];
    session::Session* session = slot_of(id) == slot_ ? place.find(id) : nullptr;
    const error_code error =
        session ? act(place, *session) : make_error_code(NodeErrc::no_such_connection);
    from.dispatch([done = std::move(done), error] { done(error); });
  });
}

void LocalNode::send(net::Loop& from, ConnectionId id, DataType type, SharedBytes data,
                     Completion<error_code> done) {
  on_session(from, id, std::move(done),
             [type, data = std::move(data)](Place&, session::Session& session) {
               return session.dialect().push(session, type, data.bytes());
             });
}

void LocalNode::publish(net::Loop& from, std::string_view channel, DataType type, SharedBytes data,
                        Completion<Result<PublishCount>> done) {
  if (!is_channel_name(channel)) return done(make_error_code(NodeErrc::bad_channel));
  hub_.publish(from, channel, type, std::move(data), std::move(done));
}

void LocalNode::subscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                          Completion<error_code> done) {
  on_session(from, id, std::move(done),
             [channels = std::move(channels)](Place& place, session::Session& session) {
               return place.subscribe(session, channels);
             });
}

void LocalNode::unsubscribe(net::Loop& from, ConnectionId id, std::vector<std::string> channels,
                            Completion<error_code> done) {
  on_session(from, id, std::move(done),
             [channels = std::move(channels)](Place& place, session::Session& session) {
               return place.unsubscribe(session, channels);
             });
}

void LocalNode::set_context(net::Loop& from, ConnectionId id, std::string json_object,
                            Completion<error_code> done) {
  on_session(from, id, std::move(done),
             [json = std::move(json_object)](Place&, session::Session& session) {
               return session.dialect().set_context(session, json);
             });
}

void LocalNode::close(net::Loop& from, ConnectionId id, std::uint16_t code, std::string reason,
                      Completion<error_code> done) {
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
  from.dispatch([done = std::move(done), status = std::move(status)] { done(status); });
}

}  // namespace weft
