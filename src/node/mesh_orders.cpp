#include "node/mesh_orders.hpp"

#include <boost/json/parse.hpp>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "node/channel_name.hpp"
#include "wire/mesh/channel_hash.hpp"

namespace weft {
namespace {

using mesh::Control;
using mesh::Kind;

constexpr std::size_t kMostChannels = 10'000;  // of one order
constexpr std::size_t kMostListed = 2'000;     // connections of one answer: some 300 KB

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty() && names.size() < kMostChannels) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

}  // namespace

// An order with what it points to, on its way to a loop of the node and back.
struct MeshOrders::Order {
  Order(const mesh::Envelope& read, cluster::Answer to, std::weak_ptr<cluster::Mesh> its_mesh)
      : letter{.envelope = read, .name = std::string(read.name)},
        answer(std::move(to)),
        mesh(std::move(its_mesh)) {
    letter.data = SharedBytes::copy_of(read.body);
    letter.envelope.name = letter.envelope.body = {};
  }

  Outbound outbound() const {
    return {letter.envelope.type, letter.data, letter.envelope.is_event};
  }
  std::string text() const { return std::string(as_text(letter.data.bytes())); }
  std::uint64_t number(std::size_t at) const { return letter.envelope.number(at); }

  /// From any loop.
  void reply(std::vector<std::uint64_t> numbers, std::string body = {}) const {
    const auto to = mesh.lock();
    if (!answer.is_wanted() || !to) return;
    to->loop().post([answer = answer, numbers = std::move(numbers), body = std::move(body)] {
      mesh::Envelope envelope;
      envelope.numbers = numbers;
      envelope.body = body;
      answer(envelope);
    });
  }
  Completion<error_code> done(const std::shared_ptr<Order>& self) const {
    return [self](error_code error) { self->reply({error_number(error)}); };
  }

  Letter letter;
  NodeId from = NodeId::none;
  cluster::Answer answer;
  std::weak_ptr<cluster::Mesh> mesh;
};

// Where the connection lives, or the channel: what follows each other stays in order.
net::Loop& MeshOrders::loop_for(const Order& order) const {
  net::LoopPool& loops = node_.loops();
  const auto& connections = order.letter.envelope.connections;
  if (order.letter.envelope.kind == Kind::control && !connections.empty())
    return loops.at(loop_of(connections.front(), loops.size()));
  return loops.at(mesh::channel_hash(order.letter.name) % loops.size());
}

void MeshOrders::on_order(NodeId from, const mesh::Envelope& envelope, cluster::Answer answer) {
  const auto order = std::make_shared<Order>(envelope, std::move(answer), mesh_);
  order->from = from;
  loop_for(*order).post([this, order] {
    switch (order->letter.envelope.kind) {
      case Kind::publication:
        return publish(order);
      case Kind::push_all:
        return push_all(order);
      case Kind::send:
        return push_some(order);
      case Kind::control:
        return control(order);
      case Kind::join:
      case Kind::leave:
        return presence(order);
      default:
        return;
    }
  });
}

void MeshOrders::publish(const std::shared_ptr<Order>& order) {
  net::Loop& loop = loop_for(*order);
  const auto tell = [order](PublishCount count) { order->reply({0, count.success, count.fail}); };
  node_.publish_here(loop, order->letter.name, order->outbound(), tell);
}

void MeshOrders::push_all(const std::shared_ptr<Order>& order) {
  PushRules rules;
  rules.except = order->letter.envelope.connections;
  rules.page = std::max<std::size_t>(order->number(0), 1);
  node_.push_all_here(loop_for(*order), order->outbound(), std::move(rules),
                      [order](Delivered all) {
                        order->reply({0, all.queued, all.dropped, all.gone});
                      });
}

void MeshOrders::push_some(const std::shared_ptr<Order>& order) {
  node_.push_some_here(loop_for(*order), order->letter.envelope.connections, order->outbound(), {},
                       [order](Delivered all) {
                         order->reply({0, all.queued, all.dropped, all.gone});
                       });
}

void MeshOrders::presence(const std::shared_ptr<Order>& order) {
  Presence* const presence = node_.presence();
  if (!presence) return order->reply({0, 0});
  const auto& connections = order->letter.envelope.connections;
  if (order->number(0) != 0) {
    const ConnectionId id = connections.empty() ? ConnectionId::none : connections.front();
    presence->take_over(to_string(order->from), id, order->letter.name, order->text());
    return order->reply({0, 0});
  }
  presence->asked(order->letter.envelope.kind == Kind::join, order->letter.name, order->text(),
                  to_string(order->from), [order](bool stands) {
                    order->reply({0, stands ? 1u : 0u});
                  });
}

void MeshOrders::control(const std::shared_ptr<Order>& order) {
  const auto what = static_cast<Control>(order->number(0));
  if (about_names(order, what)) return;
  const auto& connections = order->letter.envelope.connections;
  if (connections.empty() || slot_of(connections.front()) != node_.slot())
    return order->reply({error_number(make_error_code(NodeErrc::no_such_connection))});
  to_connection(order, what, connections.front());
}

bool MeshOrders::about_names(const std::shared_ptr<Order>& order, Control what) {
  net::Loop& loop = loop_for(*order);
  const std::string& name = order->letter.name;
  if (what == Control::presence || what == Control::user) {
    const std::string channel = what == Control::user ? user_channel(name) : name;
    node_.clients_here(loop, channel, [order](const std::vector<ConnectionInfo>& all) {
      const std::span<const ConnectionInfo> first(all.data(), std::min(all.size(), kMostListed));
      order->reply({0, all.size()}, write_connections(first));
    });
    return true;
  }
  if (what != Control::kick) return false;
  const auto& keep = order->letter.envelope.connections;
  Kick kick{name, static_cast<std::uint16_t>(order->number(1)), order->text()};
  if (!keep.empty()) kick.keep = keep.front();
  kick.unbind = order->number(2) != 0;
  node_.kick_here(loop, std::move(kick), [order](std::size_t closed) {
    order->reply({0, closed});
  });
  return true;
}

void MeshOrders::to_connection(const std::shared_ptr<Order>& order, Control what, ConnectionId id) {
  net::Loop& loop = loop_for(*order);
  const auto done = order->done(order);
  switch (what) {
    case Control::send:
      return node_.send(loop, id, order->letter.envelope.type, order->letter.data, done);
    case Control::send_event: {
      boost::system::error_code error;
      boost::json::value data = boost::json::parse(as_text(order->letter.data.bytes()), error);
      if (error) return done(make_error_code(NodeErrc::elsewhere));
      return node_.send_event(loop, id, order->letter.name, std::move(data), done);
    }
    case Control::subscribe:
      return node_.subscribe(loop, id, split_names(order->text()), done);
    case Control::unsubscribe:
      return node_.unsubscribe(loop, id, split_names(order->text()), done);
    case Control::set_context:
      return node_.set_context(loop, id, order->text(), done);
    case Control::close:
      return node_.close(loop, id, static_cast<std::uint16_t>(order->number(1)), order->text(),
                         done);
    case Control::hold:
      return node_.hold(loop, id, order->number(1) != 0, done);
    case Control::bind:
      return node_.bind_user(
          loop, id, order->letter.name, OtherConnections::stay,
          [done](const Result<Kicked>& bound) { done(bound ? error_code{} : bound.error()); });
    case Control::unbind:
      return node_.unbind_user(loop, id, order->letter.name, done);
    case Control::describe:
      return node_.connection(loop, id, [order](const std::optional<ConnectionInfo>& info) {
        std::vector<ConnectionInfo> found;
        if (info) found.push_back(*info);
        const error_code none = make_error_code(NodeErrc::no_such_connection);
        order->reply({info ? 0 : error_number(none)}, write_connections(found));
      });
    default:
      return done(make_error_code(NodeErrc::elsewhere));
  }
}

// --- members

void MeshOrders::on_member(const cluster::Member& member, bool is_new) {
  watcher_.on_node(node_info(member), is_new);
}

void MeshOrders::on_member_gone(const cluster::Member& member, bool died) {
  watcher_.on_node_gone(node_info(member), died);
}

void MeshOrders::on_left_behind(const cluster::Member& dead, const cluster::Kept& kept) {
  watcher_.on_left_behind(node_info(dead), kept);
}

void MeshOrders::on_rejoined(unsigned slot) {
  if (slot == node_.slot()) return;
  log::warn("cluster: this node has slot {} now", slot);
  node_.set_slot(slot);
}

}  // namespace weft
