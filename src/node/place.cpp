#include "node/place.hpp"

#include <algorithm>

#include "node/channel_name.hpp"
#include "weft/codes.hpp"

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

Place::Place(net::Loop& loop, hub::Hub& hub, Users& users, unsigned slot,
             metrics::Registry& metrics)
    : loop_(loop),
      slot_(slot),
      shard_(hub.shard(loop)),
      users_(users),
      ids_(slot, loop.index(), loop.count()),
      pieces_(loop),
      connections_(metrics.gauge("weft_connections", "client connections that are open")),
      channels_(metrics.gauge("weft_channels", "channels with subscribers, by loop")),
      subscriptions_(metrics.gauge("weft_subscriptions", "places of connections in channels")),
      opened_(metrics.counter("weft_connections_opened_total", "client connections opened")),
      closed_(metrics.counter("weft_connections_ended_total", "client connections ended")) {}

Place::~Place() = default;

void Place::set_slot(unsigned slot) {
  slot_ = slot;
  ids_ = IdMaker(slot, loop_.index(), loop_.count());
}

std::unique_ptr<session::Session> Place::admit(transport::Connection& connection,
                                               session::Dialect& dialect,
                                               std::size_t max_channels) {
  auto made = std::make_unique<session::Session>(ids_.next(millis_since_2026()), connection,
                                                 dialect, *this, max_channels);
  sessions_.emplace(made->id(), made.get());
  roster_.add(*made);
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

ConnectionInfo Place::info(session::Session& session) const {
  const std::chrono::milliseconds opened(kEpoch2026 + millis_of(session.id()));
  return {session.id(), session.dialect().path(), session.connection().remote_addr(),
          user_of(session), std::chrono::system_clock::time_point(opened)};
}

error_code Place::subscribe(session::Session& session, std::span<const std::string> channels) {
  if (shard_.is_walking()) return NodeErrc::delivering;
  for (const std::string& channel : channels)
    if (!is_channel_name(channel)) return NodeErrc::bad_channel;
  const std::size_t stands = session.channels() - (bound_.contains(session.id()) ? 1 : 0);
  if (stands + channels.size() > session.max_channels()) {
    // Near the limit it is worth looking: channels where it stands already take no place.
    const auto is_new = [&](const std::string& name) { return !shard_.stands_in(session, name); };
    const auto added = std::count_if(channels.begin(), channels.end(), is_new);
    if (stands + static_cast<std::size_t>(added) > session.max_channels())
      return NodeErrc::too_many_channels;
  }
  for (const std::string& channel : channels) {
    if (on_presence_.wants) enter(session, channel);
    shard_.subscribe(session, channel);
  }
  count_channels();
  return {};
}

error_code Place::unsubscribe(session::Session& session, std::span<const std::string> channels) {
  if (shard_.is_walking()) return NodeErrc::delivering;
  for (const std::string& channel : channels)
    if (!is_channel_name(channel)) return NodeErrc::bad_channel;
  for (const std::string& channel : channels) {
    if (!present_.empty()) depart(session, channel);
    shard_.unsubscribe(session, channel);
  }
  count_channels();
  return {};
}

// --- presence

void Place::enter(session::Session& session, const std::string& channel) {
  if (!on_presence_.wants(channel) || shard_.stands_in(session, channel)) return;
  present_[session.id()].push_back(channel);
  on_presence_.moved(session.id(), channel, user_of(session), true);
}

void Place::depart(session::Session& session, const std::string& channel) {
  const auto found = present_.find(session.id());
  if (found == present_.end() || std::erase(found->second, channel) == 0) return;
  if (found->second.empty()) present_.erase(found);
  on_presence_.moved(session.id(), channel, user_of(session), false);
}

// The new one comes before the old one goes.
void Place::rename(ConnectionId id, const std::string& from, const std::string& to) {
  const auto found = present_.find(id);
  if (found == present_.end()) return;
  for (const std::string& channel : found->second) {
    on_presence_.moved(id, channel, to, true);
    on_presence_.moved(id, channel, from, false);
  }
}

Result<std::size_t> Place::bind_user(session::Session& session, const std::string& user) {
  if (shard_.is_walking()) return NodeErrc::delivering;
  if (!is_user_name(user)) return NodeErrc::bad_user;
  if (user_of(session) == user) return users_.connections(user);
  unbind_user(session.id());
  rename(session.id(), "", user);
  bound_.emplace(session.id(), user);
  shard_.subscribe(session, user_channel(user));
  count_channels();
  if (on_user_) on_user_(session.id(), user, true);
  return users_.add(user);
}

std::optional<Place::Unbound> Place::unbind_user(ConnectionId id) {
  const auto found = bound_.find(id);
  if (found == bound_.end()) return std::nullopt;
  Unbound unbound{std::move(found->second), false};
  bound_.erase(found);
  rename(id, unbound.user, "");
  if (session::Session* session = find(id)) {  // else it has left its channels already
    shard_.unsubscribe(*session, user_channel(unbound.user));
    count_channels();
  }
  if (on_user_) on_user_(id, unbound.user, false);
  unbound.last = users_.remove(unbound.user) == 0;
  return unbound;
}

void Place::close_all_told() {
  for (const auto& [id, user] : bound_) told_.insert(id);
  for (const ConnectionId id : ids())
    if (session::Session* session = find(id))
      session->connection().close(close_code::kServiceRestart,
                                  "this node was cut off from the others: connect again");
}

const std::string& Place::user_of(const session::Session& session) const {
  static const std::string nobody;
  const auto found = bound_.find(session.id());
  return found == bound_.end() ? nobody : found->second;
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
  roster_.remove(session);
  if (const auto found = present_.find(session.id()); found != present_.end()) {
    for (const std::string& channel : found->second)
      on_presence_.moved(session.id(), channel, user_of(session), false);
    present_.erase(found);
  }
  shard_.unsubscribe_all(session);
  connections_.set(static_cast<std::int64_t>(sessions_.size()));
  closed_.add();
  count_channels();
}

void Place::on_session_over(session::Session& session) {
  if (!bound_.empty()) unbind_user(session.id());
  if (!told_.empty()) told_.erase(session.id());
}

void Place::count_channels() {
  channels_.set(static_cast<std::int64_t>(shard_.channels()));
  subscriptions_.set(static_cast<std::int64_t>(shard_.subscriptions()));
}

}  // namespace weft
