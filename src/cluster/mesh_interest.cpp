// Who wants to hear what: our changes to the others, theirs to us.
#include "cluster/mesh.hpp"

namespace weft::cluster {
namespace {

constexpr Millis kAskAgainAfter{500};

}  // namespace

// --- ours

void Mesh::add_interest(ChannelHash hash) {
  own_.add(hash);
  flush_interest_soon();
}

void Mesh::remove_interest(ChannelHash hash) {
  own_.remove(hash);
  flush_interest_soon();
}

void Mesh::when_known(std::function<void()> done) {
  if (members().empty() || stopped_) return done();
  wait_for_known_.push_back(std::move(done));
  flush_interest_soon();
}

void Mesh::flush_interest_soon() {
  if (std::exchange(interest_posted_, true)) return;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->interest_posted_ = false;
    if (!self->stopped_) self->flush_interest();
  });
}

mesh::Envelope Mesh::delta_envelope(const InterestDelta& delta, std::string& body) const {
  append_hashes(body, delta.added);
  append_hashes(body, delta.removed);
  mesh::Envelope envelope{.kind = mesh::Kind::interest};
  envelope.numbers = {delta.from, delta.to, delta.added.size()};
  envelope.body = body;
  return envelope;
}

// The last delta, or an empty one, asks for answers when somebody waits: who answers has all before
// it too.
void Mesh::flush_interest() {
  const bool ask = !wait_for_known_.empty();
  if (!own_.has_changes() && !ask) return;
  do {
    const InterestDelta delta = own_.has_changes()
                                    ? own_.take_delta()
                                    : InterestDelta{.from = own_.version(), .to = own_.version()};
    std::string body;
    mesh::Envelope envelope = delta_envelope(delta, body);
    if (ask && !own_.has_changes()) {
      std::vector<NodeId> asked;
      for (const auto& [id, member] : members())
        if (!member.suspect) asked.push_back(id);
      auto tell = [waiting = std::exchange(wait_for_known_, {})](std::span<const NodeId>) {
        for (const auto& done : waiting) done();
      };
      envelope.order =
          orders_.open(std::move(asked), std::chrono::steady_clock::now(), {}, std::move(tell));
    }
    broadcast(envelope);
  } while (own_.has_changes());
}

void Mesh::send_all_interest(Peer& to) {
  const std::vector<ChannelHash> all = own_.all();
  const std::size_t parts = all.size() / OwnInterest::kMostAtOnce + 1;
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = part * OwnInterest::kMostAtOnce;
    const std::size_t count = std::min(OwnInterest::kMostAtOnce, all.size() - begin);
    std::string body;
    append_hashes(body, std::span(all).subspan(begin, count));
    mesh::Envelope envelope{.kind = mesh::Kind::interest_all};
    envelope.numbers = {own_.version(), part, parts};
    envelope.body = body;
    send(to, envelope);
  }
}

// --- theirs

void Mesh::ask_for_interest(Peer& of) {
  const SteadyTime now = std::chrono::steady_clock::now();
  of.lacks_interest = of.id != options_.me;
  if (of.id == options_.me || now - of.asked_for_interest < kAskAgainAfter) return;
  of.asked_for_interest = now;
  send(of, {.kind = mesh::Kind::interest_ask});
}

void Mesh::take_beat(Peer& from, const mesh::Envelope& beat) {
  if (std::exchange(from.told, beat.number(1)) != beat.number(1)) membership_->beat_soon();
  if (!from.interest.is_known() || from.interest.version() < beat.number(0)) ask_for_interest(from);
}

void Mesh::take_interest(Peer& from, const mesh::Envelope& envelope) {
  std::vector<ChannelHash> hashes = read_hashes(envelope.body);
  const std::size_t added = std::min<std::uint64_t>(envelope.number(2), hashes.size());
  const auto middle = hashes.begin() + static_cast<std::ptrdiff_t>(added);
  InterestDelta delta{.from = envelope.number(0), .to = envelope.number(1)};
  delta.removed.assign(middle, hashes.end());
  hashes.erase(middle, hashes.end());
  delta.added = std::move(hashes);
  if (!from.interest.apply(delta)) return ask_for_interest(from);
  if (envelope.order) answer_to(from.id, envelope.order)({});
}

void Mesh::take_all_interest(Peer& from, const mesh::Envelope& part) {
  if (from.interest.take_part(part.number(0), part.number(1), part.number(2),
                              read_hashes(part.body)))
    from.lacks_interest = false;
}

bool Mesh::knows_all_interest() const {
  for (const auto& [id, peer] : peers_)
    if (peer->is_member && !peer->is_suspect && !peer->interest.is_known()) return false;
  return true;
}

}  // namespace weft::cluster
