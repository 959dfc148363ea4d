// The part of LocalNode that knows who is where: nodes, and the clients of channels and users.
#include <algorithm>

#include "node/channel_name.hpp"
#include "node/local_node.hpp"

namespace weft {
namespace {

// Parts of the loops on their way to one list.
struct Found {
  std::atomic<std::size_t> waiting;
  std::vector<std::vector<ConnectionInfo>> parts;  // by loop
};

std::vector<ConnectionInfo> join_parts(Found& found) {
  std::vector<ConnectionInfo> all;
  for (auto& part : found.parts) std::move(part.begin(), part.end(), std::back_inserter(all));
  std::ranges::sort(all, {}, &ConnectionInfo::id);
  return all;
}

}  // namespace

void LocalNode::clients_here(net::Loop& from, std::string channel,
                             Completion<std::vector<ConnectionInfo>> done) {
  const auto found = std::make_shared<Found>();
  found->waiting = places_.size();
  found->parts.resize(places_.size());
  for (const auto& place : places_)
    place->loop().dispatch([this, &from, &place = *place, channel, found, done] {
      auto& part = found->parts[place.loop().index()];
      hub_.shard(place.loop()).for_each_client(channel, [&](ConnectionId id) {
        if (session::Session* session = place.find(id)) part.push_back(place.info(*session));
      });
      if (--found->waiting > 0) return;
      from.dispatch([found, done] { done(join_parts(*found)); });
    });
}

// Ours and theirs; both come on `from`.
void LocalNode::who(net::Loop& from, mesh::Control what, std::string name, std::string channel,
                    Completion<Result<StandingList>> done) {
  auto with_ours = [this, &from, channel, done = std::move(done)](StandingList list) {
    clients_here(from, channel,
                 [this, list = std::move(list), done](std::vector<ConnectionInfo> ours) mutable {
                   for (ConnectionInfo& info : ours) list.items.push_back({std::move(info), id_});
                   std::ranges::sort(list.items, {},
                                     [](const Standing& one) { return one.connection.id; });
                   done(std::move(list));
                 });
  };
  if (!others_ || !others_->may_want(channel)) return with_ours({});
  others_->ask_who(from, what, std::move(name), std::move(with_ours));
}

void LocalNode::clients_in(net::Loop& from, std::string_view channel,
                           Completion<Result<StandingList>> done) {
  if (!is_channel_name(channel)) return done(make_error_code(NodeErrc::bad_channel));
  who(from, mesh::Control::presence, std::string(channel), std::string(channel), std::move(done));
}

void LocalNode::clients_of(net::Loop& from, std::string_view user,
                           Completion<Result<StandingList>> done) {
  if (!is_user_name(user)) return done(make_error_code(NodeErrc::bad_user));
  who(from, mesh::Control::user, std::string(user), user_channel(user), std::move(done));
}

void LocalNode::introduce(std::string name, std::string api) {
  name_ = std::move(name);
  api_ = std::move(api);
}

NodeInfo LocalNode::self() const {
  const NodeStatus status = this->status();
  NodeInfo info;
  info.id = id_;
  info.name = name_;
  info.api = api_;
  info.version = status.version;
  info.slot = slot();
  info.state = status.draining ? "draining" : "up";
  info.uptime = status.uptime;
  info.connections = status.connections;
  info.users = users_.size();
  info.channels = status.channels;
  info.is_self = true;
  return info;
}

void LocalNode::nodes(net::Loop& from, Completion<std::vector<NodeInfo>> done) {
  const auto with_self = [this, done = std::move(done)](std::vector<NodeInfo> all) {
    all.insert(all.begin(), self());
    done(std::move(all));
  };
  if (!others_) return with_self({});
  others_->nodes(from, with_self);
}

void LocalNode::bus(net::Loop& from, Completion<std::optional<BusStatus>> done) {
  if (!others_) return done(std::nullopt);
  others_->bus(from, std::move(done));
}

}  // namespace weft
