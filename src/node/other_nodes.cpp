#include "node/other_nodes.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "node/channel_name.hpp"
#include "wire/mesh/channel_hash.hpp"

namespace weft {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t number_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (!value) return 0;
  boost::system::error_code error;
  return value->to_number<std::uint64_t>(error);
}

mesh::Envelope outbound_envelope(mesh::Kind kind, const Outbound& what) {
  return {.kind = kind, .type = what.type, .is_event = what.is_event};
}

// What is gathered on the mesh's loop and told on the loop that asked.
template <class T>
struct Gathered {
  net::Loop& from;
  Completion<T> done;
  T sum = {};

  void tell() {
    from.post([sum = std::move(sum), done = std::move(done)]() mutable { done(std::move(sum)); });
  }
};

template <class T>
std::shared_ptr<Gathered<T>> gather(net::Loop& from, Completion<T> done) {
  return std::make_shared<Gathered<T>>(Gathered<T>{from, std::move(done)});
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

std::string present_member(std::string_view channel, std::string_view member) {
  std::string key(kPresentMember);
  key.append(channel).append(" ").append(member);
  return key;
}

namespace {

struct PresenceQuestion {
  PresenceAsk ask;
  std::shared_ptr<cluster::Mesh> mesh;
  std::shared_ptr<Gathered<Elsewhere>> answer;

  bool is_join() const { return ask.what == mesh::Kind::join; }

  template <class Nodes>
  void look_up(const Nodes& nodes, std::function<void(bool)> done) const {
    mesh->is_kept({nodes.begin(), nodes.end()}, present_member(ask.channel, ask.member),
                  std::move(done));
  }

  // Two who are late for each other must not both leave it to the other one: a leave is for sure
  // somebody else's only when that node is suspected, so that one day others tell it.
  Elsewhere what_silence_means(std::span<const NodeId> unreachable) const {
    const auto is_trusted = [this](NodeId id) {
      const auto found = mesh->members().find(id);
      return found != mesh->members().end() && !found->second.suspect;
    };
    const bool is_sure = is_join() || std::ranges::none_of(unreachable, is_trusted);
    return is_sure ? Elsewhere::stands : Elsewhere::unsure;
  }

  void end(Elsewhere what) {
    answer->sum = what;
    answer->tell();
  }
};

using PresenceQuestionPtr = std::shared_ptr<PresenceQuestion>;

void ask_the_living(const PresenceQuestionPtr& question) {
  const auto on_reply = [question](NodeId, const mesh::Envelope& reply) {
    if (reply.number(1) != 0) question->answer->sum = Elsewhere::stands;
  };
  const auto on_end = [question](std::span<const NodeId> unreachable) {
    if (question->answer->sum == Elsewhere::stands) return question->answer->tell();
    const Elsewhere silence = question->what_silence_means(unreachable);
    question->look_up(unreachable, [question, silence](bool kept) {
      question->end(kept ? silence : Elsewhere::nobody);
    });
  };
  Letter letter{.envelope = {.kind = question->ask.what}};
  letter.name = question->ask.channel;
  letter.text = question->ask.member;
  question->mesh->to_all(letter.open(), on_reply, on_end);
}

// Who tells for a dead node takes its members over before it drops what was kept: whoever looks
// there first and asks then finds one of both. Only what was taken over is not looked for: it may
// stand there still.
void ask_the_dead(const PresenceQuestionPtr& question) {
  if (question->ask.is_taken_over) return ask_the_living(question);
  question->look_up(question->mesh->unburied(), [question](bool kept) {
    kept ? question->end(Elsewhere::stands) : ask_the_living(question);
  });
}

}  // namespace

void OtherNodes::ask_presence(net::Loop& from, PresenceAsk ask, Completion<Elsewhere> done) {
  auto answer = gather<Elsewhere>(from, std::move(done));
  const auto question = std::make_shared<PresenceQuestion>(
      PresenceQuestion{std::move(ask), mesh_, std::move(answer)});
  mesh_->loop().post([question] { ask_the_dead(question); });
}

void OtherNodes::hand_over(net::Loop& from, std::string channel, std::string member,
                           ConnectionId id, Completion<bool> done) {
  Letter letter{.envelope = {.kind = mesh::Kind::leave}};
  letter.envelope.connections.push_back(id);
  letter.envelope.numbers.push_back(1);
  letter.name = std::move(channel);
  letter.text = std::move(member);
  const auto result = gather<bool>(from, std::move(done));
  mesh_->loop().post([mesh = mesh_, letter = std::move(letter), result]() mutable {
    const auto on_reply = [result](NodeId, const mesh::Envelope&) { result->sum = true; };
    const auto on_end = [result](std::span<const NodeId>) { result->tell(); };
    for (const auto& [node, info] : mesh->members())
      if (!info.suspect && mesh->to_slot(info.slot, letter.open(), on_reply, on_end)) return;
    result->tell();
  });
}

// The home loops have told the mesh by then: posts of one loop keep their order.
void OtherNodes::when_known(net::Loop& from, std::vector<net::Loop*> homes,
                            std::function<void()> done) {
  const auto waiting = std::make_shared<std::atomic<std::size_t>>(homes.size());
  for (net::Loop* home : homes)
    home->post([mesh = mesh_, &from, waiting, done] {
      if (--*waiting > 0) return;
      mesh->loop().post(
          [mesh, &from, done] { mesh->when_known([&from, done] { from.post(done); }); });
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

// --- how things are written

std::string write_connections(std::span<const ConnectionInfo> all) {
  json::array list;
  for (const ConnectionInfo& one : all)
    list.push_back(json::object{{"id", to_string(one.id)},
                                {"path", one.path},
                                {"addr", one.remote_addr},
                                {"user", one.user}});
  return json::serialize(list);
}

std::vector<ConnectionInfo> read_connections(std::string_view text) {
  std::vector<ConnectionInfo> all;
  boost::system::error_code error;
  const json::value list = json::parse(text, error);
  if (error || !list.is_array()) return all;
  for (const json::value& one : list.get_array()) {
    if (!one.is_object()) continue;
    const json::object& object = one.get_object();
    const auto id = parse_connection_id(text_at(object, "id"));
    if (!id) continue;
    const std::chrono::milliseconds opened(kEpoch2026 + millis_of(*id));
    all.push_back({*id, text_at(object, "path"), text_at(object, "addr"), text_at(object, "user"),
                   std::chrono::system_clock::time_point(opened)});
  }
  return all;
}

NodeInfo node_info(const cluster::Member& member) {
  NodeInfo info;
  info.id = to_string(member.id);
  info.slot = member.slot;
  boost::system::error_code error;
  const json::value told = json::parse(member.info, error);
  if (!error && told.is_object()) {
    const json::object& object = told.get_object();
    info.name = text_at(object, "name");
    info.version = text_at(object, "version");
    info.state = text_at(object, "state");
    info.api = text_at(object, "api");
    info.uptime = std::chrono::seconds(number_at(object, "uptime"));
    info.connections = number_at(object, "connections");
    info.users = number_at(object, "users");
    info.channels = number_at(object, "channels");
  }
  if (member.suspect || info.state.empty()) info.state = member.suspect ? "suspect" : "up";
  return info;
}

}  // namespace weft
