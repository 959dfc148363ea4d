// Coming and going, readiness, members. What travels is in mesh_packets.cpp, who wants to hear what
// in mesh_interest.cpp.
#include "cluster/mesh.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "cluster/mesh_metrics.hpp"

namespace weft::cluster {
namespace {

constexpr Millis kTick{100};
constexpr Millis kProbeEvery{1'000}, kDeafAfter{2'000};
constexpr Millis kLook{10};
constexpr Millis kInterestWithin{2'000};  // of joining: then the deadline of answers has to do
constexpr Millis kStrangerFor{10'000};    // a sender that nobody has given a lease
constexpr std::size_t kHeadRoom = 4096;   // beside a body: head, channel, ids

template <class Condition>
Task<bool> becomes_true(net::Loop& loop, Millis within, Condition is_so) {
  boost::asio::steady_timer timer(loop.context());
  const SteadyTime deadline = std::chrono::steady_clock::now() + within;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) co_return false;
    timer.expires_after(kLook);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  co_return true;
}

}  // namespace

Mesh::Mesh(net::Loop& loop, std::unique_ptr<broker::Broker> broker,
           std::shared_ptr<NodeStore> store, MeshOptions options, MeshSink& sink,
           metrics::Registry& metrics)
    : loop_(loop),
      broker_(std::move(broker)),
      options_(std::move(options)),
      sink_(sink),
      metrics_(std::make_unique<Metrics>(metrics)),
      orders_(options_.patience),
      tick_timer_([this] { tick(); }) {
  MembershipOptions membership{options_.me, options_.beat, options_.lease, options_.info};
  MembershipSink& self = *this;
  membership_ = std::make_shared<Membership>(loop, std::move(store), std::move(membership), self);
}

Mesh::~Mesh() { stop(); }

Task<Mesh::Joined> Mesh::join(std::shared_ptr<Mesh> self) {
  net::Loop& loop = self->loop_;
  self->broker_->subscribe("all");
  self->broker_->subscribe("n." + to_string(self->options_.me));
  self->broker_->start(*self);
  const auto is_up = [self] { return self->up_; };
  Joined joined;
  if (!co_await becomes_true(loop, self->options_.join_within, is_up)) {
    joined.problem = self->broker_->status().why_down;
    if (joined.problem.empty()) joined.problem = "the broker does not answer";
    co_return joined;
  }
  const Result<unsigned> slot = co_await Membership::join(self->membership_, self->options_.slot);
  if (!slot) {
    joined.problem = slot.error().message();
    co_return joined;
  }
  joined.slot = *slot;
  self->beat_on_bus();
  self->tick();
  const auto knows_all = [self] { return self->knows_all_interest(); };
  co_await becomes_true(loop, kInterestWithin, knows_all);
  co_return joined;
}

Task<void> Mesh::leave(std::shared_ptr<Mesh> self) {
  co_await Membership::leave(self->membership_);
  self->broadcast({.kind = mesh::Kind::goodbye});
  self->flush();
}

void Mesh::stop() {
  if (std::exchange(stopped_, true)) return;
  tick_timer_.cancel();
  membership_->stop();
  orders_.end_all();
  for (auto& done : std::exchange(wait_for_known_, {})) done();
  broker_->stop();
}

// --- the bus

void Mesh::on_up() {
  up_ = true;
  metrics_->up.set(1);
  const std::size_t payload = broker_->max_payload();
  max_body_.store(payload > 2 * kHeadRoom ? payload - kHeadRoom : payload / 2);
  heard_probe_ = asked_probe_ = up_since_ = std::chrono::steady_clock::now();
  set_problem(kBusDown, false);
  log::info("cluster: connected to {}", broker_->status().server);
  beat_on_bus();
  for (auto& [id, peer] : peers_) ask_for_interest(*peer);
  membership_->beat_soon();
}

void Mesh::on_down(const std::string& why) {
  if (std::exchange(up_, false))
    log::error("cluster: the connection to the broker is lost: {}", why);
  told_why_down_ = why;
  metrics_->up.set(0);
  set_problem(kBusDown, true);
}

void Mesh::beat_on_bus() {
  if (up_) broadcast({.kind = mesh::Kind::beat, .numbers = {own_.version(), told_}});
}

void Mesh::tick() {
  if (stopped_) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  orders_.expire(now);
  set_problem(kFenced, membership_->is_fenced());
  if (up_)
    probe(now);
  else
    say_why_down(now);
  look_after(now);
  loop_.timers().set(tick_timer_, kTick);
}

// What one sends to oneself shows that both directions work; TCP would find out in minutes.
void Mesh::probe(SteadyTime now) {
  if (now - heard_probe_ > kDeafAfter && now - up_since_ > kDeafAfter) {
    set_problem(kBusDeaf, true);
    metrics_->deaf.add();
    return broker_->reconnect(fmt::format("nothing was heard for {} ms", kDeafAfter.count()));
  }
  if (now - asked_probe_ < kProbeEvery) return;
  asked_probe_ = now;
  send(peer(options_.me), {.kind = mesh::Kind::probe, .numbers = {++last_probe_}});
}

// What keeps it away may be another thing than what took it away: a right that was withdrawn.
void Mesh::say_why_down(SteadyTime now) {
  std::string why = broker_->status().why_down;
  if (why.empty() || why == told_why_down_ || !why_down_limiter_.pass(now)) return;
  log::error("cluster: there is no way to the broker: {}", why);
  told_why_down_ = std::move(why);
}

void Mesh::look_after(SteadyTime now) {
  for (auto at = peers_.begin(); at != peers_.end();) {
    Peer& peer = *at->second;
    if (peer.is_member && peer.lacks_interest && up_)
      ask_for_interest(peer);  // the bus may lose it
    const bool is_stranger = !peer.is_member && peer.id != options_.me;
    if (is_stranger && !peer.is_dirty && now - peer.first_heard > kStrangerFor)
      at = peers_.erase(at);
    else
      ++at;
  }
}

void Mesh::set_problem(Problem problem, bool is_so) {
  const unsigned before = problems_.load();
  problems_.store(is_so ? before | problem : before & ~problem);
}

std::vector<std::string_view> Mesh::problems() const {
  std::vector<std::string_view> all;
  const unsigned now = problems_.load();
  if (now & kBusDown) all.push_back("bus_down");
  if (now & kBusDeaf) all.push_back("bus_deaf");
  if (now & kFenced) all.push_back("fenced");
  return all;
}

// --- members

void Mesh::on_member(const Member& member) {
  Peer& its = peer(member.id);
  const bool is_new = !its.is_member;
  if (is_new || its.slot != member.slot) {
    std::erase_if(by_slot_, [&](const auto& entry) { return entry.second == &its; });
    by_slot_[member.slot] = &its;
  }
  its.slot = member.slot;
  its.is_member = true;
  its.is_suspect = member.suspect;
  if (is_new) {
    known_version_ = 0;  // it knows nothing of us
    ask_for_interest(its);
  }
  count_members();
  if (!stopped_) sink_.on_member(member, is_new);
}

void Mesh::on_member_gone(const Member& member, bool died) {
  const auto found = peers_.find(member.id);
  if (found != peers_.end()) {
    flush(*found->second);
    std::erase_if(by_slot_, [&](const auto& entry) { return entry.second == found->second.get(); });
    std::erase(dirty_, found->second.get());
    past_[member.id] = found->second->numbers;
    peers_.erase(found);
  }
  orders_.forget(member.id);
  count_members();
  if (!stopped_) sink_.on_member_gone(member, died);
}

void Mesh::count_members() {
  others_.store(members().size());
  metrics_->nodes.set(static_cast<std::int64_t>(members().size()) + 1);
}

void Mesh::on_claimed(NodeId dead) {
  mesh::Envelope envelope{.kind = mesh::Kind::death};
  envelope.numbers.push_back(static_cast<std::uint64_t>(dead));
  if (!stopped_) broadcast(envelope);
}

void Mesh::on_left_behind(const Member& dead, const Kept& kept) {
  metrics_->left_behind.add();
  if (!stopped_) sink_.on_left_behind(dead, kept);
}

void Mesh::on_buried() {
  if (!stopped_) sink_.on_buried();
}

void Mesh::on_told() {
  ++told_;
  if (!stopped_) beat_on_bus();
}

void Mesh::on_rejoined(unsigned slot) {
  beat_on_bus();
  if (!stopped_) sink_.on_rejoined(slot);
}

void Mesh::keep(std::string key, std::optional<std::string> value) {
  membership_->keep(std::move(key), std::move(value));
}

void Mesh::is_kept(std::vector<NodeId> nodes, std::string key, std::function<void(bool)> done) {
  if (nodes.empty()) return done(false);
  boost::asio::co_spawn(loop_.context(),
                        Membership::is_kept(membership_, std::move(nodes), std::move(key)),
                        [done = std::move(done)](std::exception_ptr, bool kept) { done(kept); });
}

Peer& Mesh::peer(NodeId id) {
  std::unique_ptr<Peer>& place = peers_[id];
  if (!place) {
    place = std::make_unique<Peer>(id, filter_);
    place->first_heard = std::chrono::steady_clock::now();
    if (const auto past = past_.extract(id)) place->numbers = past.mapped();
  }
  return *place;
}

}  // namespace weft::cluster
