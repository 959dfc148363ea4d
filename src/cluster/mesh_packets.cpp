// What travels: envelopes into packets, packets to subjects, and back.
#include "base/log.hpp"
#include "cluster/mesh.hpp"
#include "cluster/mesh_metrics.hpp"

namespace weft::cluster {
namespace {

constexpr std::size_t kPacket = 64 << 10;                  // bytes; what is larger goes alone
constexpr std::size_t kMostPeers = 2 * NodeStore::kSlots;  // more are not nodes

// A number so far behind is no repetition: the one we held for the last was wrong. So a broken or
// forged number makes a node deaf to another one for so many packets and not for ever.
constexpr std::uint64_t kBehind = 64;

}  // namespace

void Answer::operator()(mesh::Envelope reply) const {
  const std::shared_ptr<Mesh> mesh = mesh_.lock();
  if (!mesh || !order_ || mesh->stopped_) return;
  reply.kind = mesh::Kind::reply;
  reply.order = order_;
  mesh->send(mesh->peer(to_), reply);
}

Answer Mesh::answer_to(NodeId node, std::uint64_t order) {
  Answer answer;
  answer.mesh_ = weak_from_this();
  answer.to_ = node;
  answer.order_ = order;
  return answer;
}

// --- out

void Mesh::publish(ChannelHash hash, mesh::Envelope& envelope, OnReply on_reply, OnEnd on_end) {
  std::vector<Peer*> wanted;
  for (auto& [id, peer] : peers_)
    if (peer->is_member && peer->interest.contains(hash)) wanted.push_back(peer.get());
  send_to(std::move(wanted), envelope, std::move(on_reply), std::move(on_end));
}

void Mesh::to_all(mesh::Envelope& envelope, OnReply on_reply, OnEnd on_end) {
  std::vector<Peer*> all;
  for (auto& [id, peer] : peers_)
    if (peer->is_member) all.push_back(peer.get());
  send_to(std::move(all), envelope, std::move(on_reply), std::move(on_end));
}

bool Mesh::to_slot(unsigned slot, mesh::Envelope& envelope, OnReply on_reply, OnEnd on_end) {
  const auto found = by_slot_.find(slot);
  if (found == by_slot_.end()) return false;
  send_to({found->second}, envelope, std::move(on_reply), std::move(on_end));
  return true;
}

// Nobody waits for a node that has missed its beats: it is named at once. It gets it all the same.
void Mesh::send_to(std::vector<Peer*> peers, mesh::Envelope& envelope, OnReply on_reply,
                   OnEnd on_end) {
  envelope.order = 0;
  if (on_end) {
    std::vector<NodeId> asked;
    for (const Peer* peer : peers) asked.push_back(peer->id);
    auto counted = [this, on_end = std::move(on_end)](std::span<const NodeId> unreachable) {
      metrics_->unreachable.add(unreachable.size());
      on_end(unreachable);
    };
    envelope.order = orders_.open(std::move(asked), std::chrono::steady_clock::now(),
                                  std::move(on_reply), std::move(counted));
  }
  for (Peer* peer : peers) {
    send(*peer, envelope);
    if (envelope.order && peer->is_suspect) orders_.fail(envelope.order, peer->id);
  }
}

void Mesh::send(Peer& to, const mesh::Envelope& envelope) {
  if (to.packet.size() + envelope.body.size() > kPacket) flush(to);
  to.packet.add(envelope);
  if (envelope.order && envelope.kind != mesh::Kind::reply) to.orders.push_back(envelope.order);
  if (std::exchange(to.is_dirty, true)) return;
  dirty_.push_back(&to);
  if (std::exchange(flush_posted_, true)) return;
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
}

void Mesh::flush() {
  flush_posted_ = false;
  for (Peer* peer : std::exchange(dirty_, {})) {
    peer->is_dirty = false;
    flush(*peer);
  }
}

// The number is used up even when the broker does not take it, so that the other side learns of a
// loss.
void Mesh::flush(Peer& to) {
  if (to.packet.is_empty() || stopped_) return;
  const mesh::Head head{.sender = static_cast<std::uint64_t>(options_.me),
                        .number = ++to.numbers.sent};
  const error_code error = broker_->publish(to.subject, as_bytes(to.packet.finish(head)));
  to.packet.clear();
  const std::vector<std::uint64_t> orders = std::exchange(to.orders, {});
  if (!error) return metrics_->sent.add();
  metrics_->unsent.add();
  const NodeId id = to.id;  // those who are told may ask for anything
  for (const std::uint64_t order : orders) orders_.fail(order, id);
}

void Mesh::broadcast(const mesh::Envelope& envelope) {
  to_all_.add(envelope);
  const mesh::Head head{.sender = static_cast<std::uint64_t>(options_.me),
                        .number = ++sent_to_all_};
  const error_code error = broker_->publish("all", as_bytes(to_all_.finish(head)));
  to_all_.clear();
  (error ? metrics_->unsent : metrics_->sent).add();
}

// --- in

void Mesh::on_message(std::string_view subject, std::span<const std::byte> bytes) {
  mesh::PacketReader reader(bytes);
  if (reader.problem() != mesh::PacketReader::Problem::none) return metrics_->broken.add();
  const NodeId sender{reader.head().sender};
  const bool to_all = subject == "all";
  if (sender == NodeId::none || (to_all && sender == options_.me)) return;
  if (peers_.size() >= kMostPeers && !peers_.contains(sender)) return metrics_->broken.add();
  metrics_->received.add();
  Peer& from = peer(sender);
  if (!is_next(from, to_all, reader.head().number)) return;
  if (!from.is_member && sender != options_.me) membership_->beat_soon();
  while (reader.next(read_)) {
    take(from, read_);
    if (stopped_) return;
  }
  if (const std::size_t skipped = reader.skipped()) metrics_->broken.add(skipped);
  if (reader.problem() != mesh::PacketReader::Problem::none) metrics_->broken.add();
}

bool Mesh::is_next(Peer& from, bool to_all, std::uint64_t number) {
  std::uint64_t& heard = to_all ? from.numbers.heard_all : from.numbers.heard;
  if (number <= heard && heard - number < kBehind) {
    metrics_->twice.add();
    return false;
  }
  if (heard != 0 && number > heard + 1) {
    metrics_->lost.add(number - heard - 1);
    log::warn("cluster: {} packets of node {} never came", number - heard - 1, to_string(from.id));
  }
  heard = number;
  return true;
}

void Mesh::take(Peer& from, const mesh::Envelope& envelope) {
  switch (envelope.kind) {
    case mesh::Kind::probe:
      if (from.id != options_.me) return;
      heard_probe_ = std::chrono::steady_clock::now();
      return set_problem(kBusDeaf, false);
    case mesh::Kind::beat:
      return take_beat(from, envelope);
    case mesh::Kind::interest:
      return take_interest(from, envelope);
    case mesh::Kind::interest_all:
      return take_all_interest(from, envelope);
    case mesh::Kind::interest_ask:
      return send_all_interest(from);
    case mesh::Kind::goodbye:
      return membership_->on_goodbye(from.id);
    case mesh::Kind::death:
      return membership_->on_death(NodeId{envelope.number(0)});
    case mesh::Kind::reply:
      return orders_.on_reply(from.id, envelope);
    case mesh::Kind::publication:
    case mesh::Kind::join:
    case mesh::Kind::leave:
    case mesh::Kind::send:
    case mesh::Kind::push_all:
    case mesh::Kind::control:
      return sink_.on_order(from.id, envelope, answer_to(from.id, envelope.order));
    default:  // of a later version
      metrics_->broken.add();
  }
}

}  // namespace weft::cluster
