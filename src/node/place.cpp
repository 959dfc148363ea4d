#include "node/place.hpp"

#include <algorithm>

#include "node/channel_name.hpp"

namespace weft {

// Somebody beside the clients who hears publications: an API connection.
class Place::Watcher final : public hub::Subscriber {
 public:
  explicit Watcher(OnPublication on_publication) : on_publication_(std::move(on_publication)) {}
  bool deliver(hub::Delivery& delivery) override {
    const hub::Publication& publication = delivery.publication;
    on_publication_(publication.channel, publication.type, publication.data);
    return true;
  }

 private:
  OnPublication on_publication_;
};

Place::Place(net::Loop& loop, hub::Hub& hub, unsigned slot, metrics::Registry& metrics)
    : loop_(loop),
      shard_(hub.shard(loop)),
      ids_(slot, loop.index(), loop.count()),
      connections_(metrics.gauge("weft_connections", "client connections that are open")),
      channels_(metrics.gauge("weft_channels", "channels with subscribers, by loop")),
      subscriptions_(metrics.gauge("weft_subscriptions", "places of connections in channels")),
      opened_(metrics.counter("weft_connections_opened_total", "client connections opened")),
      closed_(metrics.counter("weft_connections_ended_total", "client connections ended")) {}

Place::~Place() = default;

std::unique_ptr<session::Session> Place::admit(transport::Connection& connection,
                                               session::Dialect& dialect,
                                               std::size_t max_channels) {
  auto made = std::make_unique<session::Session>(ids_.next(millis_since_2026()), connection,
                                                 dialect, *this, max_channels);
  sessions_.emplace(made->id(), made.get());
  connections_.set(static_cast<std::int64_t>(sessions_.size()));
  opened_.add();
  return made;
}

session::Session* Place::find(ConnectionId id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

std::vector<ConnectionId> Place::ids() const {
  std::vector<ConnectionId> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) all.push_back(id);
  return all;
}

error_code Place::subscribe(session::Session& session, std::span<const std::string> channels) {
  if (shard_.is_walking()) return NodeErrc::delivering;
  for (const std::string& channel : channels)
    if (!is_channel_name(channel)) return NodeErrc::bad_channel;
  if (session.channels() + channels.size() > session.max_channels()) {
    // Near the limit it is worth looking: channels where it stands already take no place.
    const auto is_new = [&](const std::string& name) { return !shard_.stands_in(session, name); };
    const auto added = std::count_if(channels.begin(), channels.end(), is_new);
    if (session.channels() + static_cast<std::size_t>(added) > session.max_channels())
      return NodeErrc::too_many_channels;
  }
  for (const std::string& channel : channels) shard_.subscribe(session, channel);
  count_channels();
  return {};
}

error_code Place::unsubscribe(session::Session& session, std::span<const std::string> channels) {
  if (shard_.is_walking()) return NodeErrc::delivering;
  for (const std::string& channel : channels)
    if (!is_channel_name(channel)) return NodeErrc::bad_channel;
  for (const std::string& channel : channels) shard_.unsubscribe(session, channel);
  count_channels();
  return {};
}

WatchId Place::watch(const std::vector<std::string>& channels, OnPublication on_publication) {
  auto watcher = std::make_unique<Watcher>(std::move(on_publication));
  for (const std::string& channel : channels) shard_.subscribe(*watcher, channel);
  watchers_.emplace(++last_watch_, std::move(watcher));
  return last_watch_;
}

void Place::unwatch(WatchId watch) {
  const auto found = watchers_.find(watch);
  if (found == watchers_.end()) return;
  shard_.unsubscribe_all(*found->second);
  watchers_.erase(found);
}

void Place::on_session_end(session::Session& session) {
  sessions_.erase(session.id());
  shard_.unsubscribe_all(session);
  connections_.set(static_cast<std::int64_t>(sessions_.size()));
  closed_.add();
  count_channels();
}

void Place::count_channels() {
  channels_.set(static_cast<std::int64_t>(shard_.channels()));
  subscriptions_.set(static_cast<std::int64_t>(shard_.subscriptions()));
}

}  // namespace weft
