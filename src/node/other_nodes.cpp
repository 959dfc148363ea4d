#include "node/other_nodes.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "node/channel_name.hpp"
#include "node/gathered.hpp"
#include "wire/mesh/channel_hash.hpp"

namespace weft {
namespace {

mesh::Envelope outbound_envelope(mesh::Kind kind, const Outbound& what) {
  return {.kind = kind, .type = what.type, .is_event = what.is_event};
}

}  // namespace

// Errors of other rooms have no number between nodes.
std::uint64_t error_number(error_code error) {
  if (!error) return 0;
  const bool is_ours = error.category() == make_error_code(NodeErrc::elsewhere).category();
  return static_cast<std::uint64_t>(is_ours ? error.value()
                                            : static_cast<int>(NodeErrc::elsewhere));
}

error_code error_of(std::uint64_t number) {
  if (number == 0) return {};
  const bool is_known = number <= static_cast<std::uint64_t>(NodeErrc::elsewhere);
  return make_error_code(is_known ? static_cast<NodeErrc>(number) : NodeErrc::elsewhere);
}

bool OtherNodes::may_want(std::string_view channel) const {
  return mesh_->may_be_wanted(mesh::channel_hash(channel));
}

void OtherNodes::want(std::string_view channel, bool wanted) {
  mesh_->loop().post([mesh = mesh_, hash = mesh::channel_hash(channel), wanted] {
    wanted ? mesh->add_interest(hash) : mesh->remove_interest(hash);
  });
}

void OtherNodes::keep_user(ConnectionId id, std::string user, bool bound) {
  mesh_->loop().post([mesh = mesh_, id, user = std::move(user), bound]() mutable {
    std::optional<std::string> value;
    if (bound) value = std::move(user);
    mesh->keep(std::string(kUserConnection) + to_string(id), std::move(value));
  });
}

void OtherNodes::keep(std::string key, std::optional<std::string> value) {
  mesh_->loop().post([mesh = mesh_, key = std::move(key), value = std::move(value)]() mutable {
    mesh->keep(std::move(key), std::move(value));
  });
}

// --- one connection

void OtherNodes::order(net::Loop& from, ConnectionId id, Letter letter,
                       Completion<error_code> done) {
  if (!carries(letter.size())) return done(make_error_code(NodeErrc::too_large));
  const auto result = gather<error_code>(from, std::move(done));
  result->sum = make_error_code(NodeErrc::unreachable);
  mesh_->loop().post([mesh = mesh_, id, letter = std::move(letter), result]() mutable {
    const auto on_reply = [result](NodeId, const mesh::Envelope& reply) {
      result->sum = error_of(reply.number(0));
    };
    const auto on_end = [result](std::span<const NodeId>) { result->tell(); };
    if (mesh->to_slot(slot_of(id), letter.open(), on_reply, on_end)) return;
    result->sum = make_error_code(NodeErrc::no_such_connection);
    result->tell();
  });
}

void OtherNodes::describe(net::Loop& from, ConnectionId id,
                          Completion<std::optional<ConnectionInfo>> done) {
  const auto result = gather<std::optional<ConnectionInfo>>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, id, result] {
    Letter letter = Letter::control(mesh::Control::describe, id);
    const auto on_reply = [result](NodeId, const mesh::Envelope& reply) {
      std::vector<ConnectionInfo> found = read_connections(reply.body);
      if (!found.empty()) result->sum = std::move(found.front());
    };
    const auto on_end = [result](std::span<const NodeId>) { result->tell(); };
    if (!mesh->to_slot(slot_of(id), letter.open(), on_reply, on_end)) result->tell();
  });
}

// --- many

void OtherNodes::publish(net::Loop& from, std::string_view channel, Outbound what,
                         Completion<PublishCount> done) {
  Letter letter{.envelope = outbound_envelope(mesh::Kind::publication, what),
                .name = std::string(channel)};
  letter.data = std::move(what.data);
  const bool is_counted = static_cast<bool>(done);
  const auto result = gather<PublishCount>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, letter = std::move(letter), is_counted, result]() mutable {
    const auto hash = mesh::channel_hash(letter.name);
    if (!is_counted) return mesh->publish(hash, letter.open(), {}, {});
    const auto on_reply = [result](NodeId, const mesh::Envelope& reply) {
      result->sum.success += reply.number(1);
      result->sum.fail += reply.number(2);
    };
    const auto on_end = [result](std::span<const NodeId> unreachable) {
      result->sum.unreachable = unreachable.size();
      result->tell();
    };
    mesh->publish(hash, letter.open(), on_reply, on_end);
  });
}

namespace {

cluster::OnReply add_delivered(const std::shared_ptr<Gathered<Delivered>>& result) {
  return [result](NodeId, const mesh::Envelope& reply) {
    Delivered there;
    there.queued = reply.number(1);
    there.dropped = reply.number(2);
    there.gone = reply.number(3);
    result->sum += there;
  };
}

}  // namespace

void OtherNodes::push_all(net::Loop& from, Outbound what, const PushRules& rules,
                          Completion<Delivered> done) {
  Letter letter{.envelope = outbound_envelope(mesh::Kind::push_all, what)};
  letter.envelope.connections = rules.except;
  letter.envelope.numbers.push_back(rules.page);
  letter.data = std::move(what.data);
  const auto result = gather<Delivered>(from, std::move(done));
  if (!carries(letter.size())) {
    result->sum.unreachable = count();
    return result->tell();
  }
  mesh_->loop().post([mesh = mesh_, letter = std::move(letter), result]() mutable {
    const auto on_end = [result](std::span<const NodeId> unreachable) {
      result->sum.unreachable = unreachable.size();
      result->tell();
    };
    mesh->to_all(letter.open(), add_delivered(result), on_end);
  });
}

// One letter per node, with the list of its connections.
void OtherNodes::push_some(net::Loop& from, std::vector<ConnectionId> to, Outbound what,
                           Completion<Delivered> done) {
  const auto result = gather<Delivered>(from, std::move(done));
  if (!carries(what.data.size())) {
    result->sum.dropped = to.size();
    return result->tell();
  }
  mesh_->loop().post([mesh = mesh_, to = std::move(to), what = std::move(what), result] {
    std::map<unsigned, std::vector<ConnectionId>> by_slot;
    for (const ConnectionId id : to) by_slot[slot_of(id)].push_back(id);
    const auto waiting = std::make_shared<std::size_t>(by_slot.size());
    for (auto& [slot, ids] : by_slot) {
      Letter letter{.envelope = outbound_envelope(mesh::Kind::send, what)};
      const std::size_t count = ids.size();
      letter.envelope.connections = std::move(ids);
      letter.data = what.data;
      const auto on_end = [result, waiting](std::span<const NodeId> unreachable) {
        result->sum.unreachable += unreachable.size();
        if (--*waiting == 0) result->tell();
      };
      if (mesh->to_slot(slot, letter.open(), add_delivered(result), on_end)) continue;
      result->sum.gone += count;
      on_end({});
    }
    if (by_slot.empty()) result->tell();
  });
}

void OtherNodes::ask_who(net::Loop& from, mesh::Control what, std::string name,
                         Completion<StandingList> done) {
  Letter letter = Letter::control(what, ConnectionId::none);
  letter.envelope.connections.clear();
  letter.name = std::move(name);
  const auto result = gather<StandingList>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, letter = std::move(letter), what, result]() mutable {
    const auto on_reply = [result](NodeId node, const mesh::Envelope& reply) {
      std::vector<ConnectionInfo> there = read_connections(reply.body);
      if (reply.number(1) > there.size()) result->sum.more = true;
      for (ConnectionInfo& info : there)
        result->sum.items.push_back({std::move(info), to_string(node)});
    };
    const auto on_end = [result](std::span<const NodeId> unreachable) {
      for (const NodeId node : unreachable) result->sum.unreachable.push_back(to_string(node));
      result->tell();
    };
    const std::string channel =
        what == mesh::Control::user ? user_channel(letter.name) : letter.name;
    mesh->publish(mesh::channel_hash(channel), letter.open(), on_reply, on_end);
  });
}

void OtherNodes::kick(net::Loop& from, Kick kick, Completion<Kicked> done) {
  Letter letter = Letter::control(mesh::Control::kick, kick.keep);
  if (kick.keep == ConnectionId::none) letter.envelope.connections.clear();
  letter.envelope.numbers.push_back(kick.code);
  letter.envelope.numbers.push_back(kick.unbind ? 1 : 0);
  letter.name = std::move(kick.user);
  letter.text = std::move(kick.reason);
  const auto result = gather<Kicked>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, letter = std::move(letter), result]() mutable {
    const auto on_reply = [result](NodeId, const mesh::Envelope& reply) {
      result->sum.closed += reply.number(1);
    };
    const auto on_end = [result](std::span<const NodeId> unreachable) {
      result->sum.unreachable = unreachable.size();
      result->tell();
    };
    mesh->publish(mesh::channel_hash(user_channel(letter.name)), letter.open(), on_reply, on_end);
  });
}

void OtherNodes::nodes(net::Loop& from, Completion<std::vector<NodeInfo>> done) {
  const auto result = gather<std::vector<NodeInfo>>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, result] {
    for (const auto& [id, member] : mesh->members()) result->sum.push_back(node_info(member));
    result->tell();
  });
}

void OtherNodes::bus(net::Loop& from, Completion<std::optional<BusStatus>> done) {
  const auto result = gather<std::optional<BusStatus>>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, result] {
    const broker::BrokerStatus now = mesh->broker_status();
    result->sum = BusStatus{now.up, now.server, now.why_down, now.reconnects};
    result->tell();
  });
}

}  // namespace weft
