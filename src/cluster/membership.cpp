#include "cluster/membership.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/log.hpp"

namespace weft::cluster {
namespace {

constexpr std::size_t kChangesAtOnce = 500;
constexpr std::size_t kTellAtOnce = 200;
constexpr Millis kPatience{30'000};     // with a node that tells what another one leaves behind
constexpr unsigned kInsistOnSlot = 15;  // attempts, one per beat

}  // namespace

Membership::Membership(net::Loop& loop, std::shared_ptr<NodeStore> store, MembershipOptions options,
                       MembershipSink& sink)
    : loop_(loop),
      store_(std::move(store)),
      options_(std::move(options)),
      sink_(sink),
      timer_([this] { beat_soon(); }) {}

template <class T>
void Membership::run(Task<T> work) {
  boost::asio::co_spawn(loop_.context(), std::move(work), boost::asio::detached);
}

Task<Result<unsigned>> Membership::join(std::shared_ptr<Membership> self,
                                        std::optional<unsigned> slot) {
  const SteadyTime asked = std::chrono::steady_clock::now();
  const Result<unsigned> got =
      co_await self->store_->join(self->options_.me, slot, self->options_.info());
  if (!got) co_return got.error();
  self->slot_ = *got;
  self->renewed_ = asked;
  self->joined_ = true;
  Result<std::vector<NodeEntry>> entries =
      co_await self->store_->beat(self->options_.me, self->options_.info());
  if (!entries) co_return entries.error();
  self->see(*entries);
  self->schedule_beat(self->options_.beat);
  co_return *got;
}

Task<void> Membership::leave(std::shared_ptr<Membership> self) {
  self->joined_ = false;
  self->timer_.cancel();
  const Result<void> left = co_await self->store_->leave(self->options_.me);
  if (!left) log::warn("cluster: the lease runs out by itself: {}", left.error().message());
}

void Membership::stop() {
  stopped_ = true;
  timer_.cancel();
  store_->stop();
}

bool Membership::is_fenced() const {
  return std::chrono::steady_clock::now() - renewed_ > options_.lease * 8 / 10;
}

// --- beats

void Membership::schedule_beat(Millis delay) {
  if (!stopped_) loop_.timers().set(timer_, delay);
}

void Membership::beat_soon() {
  again_ = true;
  if (beating_ || stopped_ || !joined_) return;
  beating_ = true;
  run(beats(shared_from_this()));
}

void Membership::tell_more() {
  tells_more_ = true;
  beat_soon();
}

Task<void> Membership::beats(std::shared_ptr<Membership> self) {
  while (std::exchange(self->again_, false) && !self->stopped_ && self->joined_) {
    const SteadyTime asked = std::chrono::steady_clock::now();
    const bool tells_more = std::exchange(self->tells_more_, false);
    Result<std::vector<NodeEntry>> entries =
        co_await self->store_->beat(self->options_.me, self->options_.info());
    if (self->stopped_ || !self->joined_) break;
    if (!entries && tells_more) self->tells_more_ = true;
    if (entries) {
      if (asked - self->renewed_ > self->options_.lease / 2)
        self->patient_until_ = std::chrono::steady_clock::now() + self->options_.lease / 2;
      self->renewed_ = asked;
      self->last_problem_.clear();
      self->attempts_to_come_back_ = 0;
      self->see(*entries);
      if (tells_more) self->sink_.on_told();
    } else {
      self->last_problem_ = entries.error().message();
      if (entries.error() == StoreErrc::buried || entries.error() == StoreErrc::lease_lost)
        co_await come_back(self, entries.error());
    }
    if (!self->unwritten_.empty() && !std::exchange(self->writing_, true))
      self->run(write_kept(self));
  }
  self->beating_ = false;
  self->schedule_beat(self->options_.beat);
}

// A node whose server forgot it goes on as it is. One that was buried has no connections any more
// when it returns, because the others have said that they ended.
Task<void> Membership::come_back(std::shared_ptr<Membership> self, error_code lost) {
  if (lost == StoreErrc::buried && self->attempts_to_come_back_ == 0) {
    log::warn("cluster: the others have held this node for dead; its clients have to come again");
    self->kept_.clear();
    self->unwritten_.clear();
    self->sink_.on_buried();
  }
  std::optional<unsigned> slot = self->slot_;
  if (++self->attempts_to_come_back_ > kInsistOnSlot) slot.reset();
  const SteadyTime asked = std::chrono::steady_clock::now();
  const Result<unsigned> got =
      co_await self->store_->join(self->options_.me, slot, self->options_.info());
  if (self->stopped_ || !self->joined_) co_return;
  if (!got) {
    self->last_problem_ = got.error().message();
    co_return;
  }
  self->slot_ = *got;
  self->renewed_ = asked;
  self->attempts_to_come_back_ = 0;
  for (const auto& [key, value] : self->kept_) self->unwritten_[key] = value;
  log::info("cluster: this node has its lease again, slot {}", *got);
  self->sink_.on_rejoined(*got);
  self->again_ = true;
}

// --- the others

// A node that could not renew for long itself, such as when the server was away, gives the others
// time to come back too: their leases may have run out only because nobody could renew.
void Membership::see(const std::vector<NodeEntry>& entries) {
  const bool is_patient = std::chrono::steady_clock::now() < patient_until_;
  std::set<NodeId> listed;
  unburied_.clear();
  for (const NodeEntry& entry : entries) {
    if (entry.id == options_.me) continue;
    const bool is_waited_for = is_patient && !dying_.contains(entry.id);
    if (is_waited_for && !entry.alive && !members_.contains(entry.id)) continue;
    if (entry.alive || is_waited_for) {
      listed.insert(entry.id);
      unlisted_.erase(entry.id);
      dying_.erase(entry.id);
      note(entry);
      continue;
    }
    dying_.insert(entry.id);
    unburied_.insert(entry.id);
    if (reaping_.insert(entry.id).second) {
      run(reap(shared_from_this(), Member{entry.id, entry.slot, entry.info, true}));
    }
  }
  for (auto at = members_.begin(); at != members_.end();) {
    if (listed.contains(at->first) || !is_gone(at->first)) {
      ++at;
      continue;
    }
    const Member gone = std::move(at->second);
    at = members_.erase(at);
    unlisted_.erase(gone.id);
    leaving_.erase(gone.id);
    sink_.on_member_gone(gone, dying_.erase(gone.id) > 0);
  }
}

// A node that the store does not list, and that nobody has seen leave or die, may be one that the
// store forgot: it will be back with its next beat, and until then it hears what is for it.
bool Membership::is_gone(NodeId id) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime since = unlisted_.try_emplace(id, now).first->second;
  return dying_.contains(id) || leaving_.contains(id) || now - since > options_.lease;
}

void Membership::on_goodbye(NodeId node) {
  if (members_.contains(node)) leaving_.insert(node);
  beat_soon();
}

void Membership::on_death(NodeId node) {
  if (members_.contains(node)) dying_.insert(node);
  if (node != options_.me) unburied_.insert(node);
  beat_soon();
}

void Membership::note(const NodeEntry& entry) {
  Member& member = members_[entry.id];
  const bool is_new = member.id == NodeId::none;
  const bool suspect = is_suspect(entry);
  if (!is_new && member.info == entry.info && member.suspect == suspect &&
      member.slot == entry.slot)
    return;
  if (suspect && !member.suspect)
    log::warn("cluster: node {} has missed its beats for {} ms", to_string(entry.id),
              entry.since_beat.count());
  member = Member{entry.id, entry.slot, entry.info, suspect};
  sink_.on_member(member);
}

// Told first, dropped then: if we die in between, the next one tells these again.
Task<void> Membership::reap(std::shared_ptr<Membership> self, Member dead) {
  const NodeId me = self->options_.me;
  const Result<bool> mine = co_await self->store_->claim(dead.id, me, kPatience);
  bool done = !mine || !*mine;
  if (!done) {
    log::info("cluster: node {} is dead; this one tells its ends", to_string(dead.id));
    self->sink_.on_claimed(dead.id);
  }
  while (!done && !self->stopped_) {
    const Result<std::vector<Kept>> left = co_await self->store_->kept(dead.id, kTellAtOnce);
    if (!left || self->stopped_) break;
    if (left->empty()) {
      co_await self->store_->bury(dead.id);
      break;
    }
    const Result<bool> still_mine = co_await self->store_->claim(dead.id, me, kPatience);
    if (!still_mine || !*still_mine || self->stopped_) break;
    std::vector<std::string> keys;
    for (const Kept& kept : *left) {
      self->sink_.on_left_behind(dead, kept);
      keys.push_back(kept.key);
    }
    const Result<void> dropped = co_await self->store_->drop(dead.id, std::move(keys));
    done = !dropped;
  }
  self->reaping_.erase(dead.id);  // with the next beat it is tried again, if it is still there
}

// --- what is kept

void Membership::keep(std::string key, std::optional<std::string> value) {
  if (value)
    kept_[key] = *value;
  else
    kept_.erase(key);
  unwritten_[std::move(key)] = std::move(value);
  if (!joined_ || stopped_ || std::exchange(writing_, true)) return;
  run(write_kept(shared_from_this()));
}

Task<bool> Membership::is_kept(std::shared_ptr<Membership> self, std::vector<NodeId> nodes,
                               std::string key) {
  for (const NodeId node : nodes) {
    if (self->stopped_) break;
    const Result<bool> kept = co_await self->store_->keeps(node, key);
    if (kept && *kept) co_return true;
  }
  co_return false;
}

Task<void> Membership::write_kept(std::shared_ptr<Membership> self) {
  while (!self->unwritten_.empty() && !self->stopped_ && self->joined_) {
    std::vector<KeptChange> changes;
    auto& unwritten = self->unwritten_;
    while (!unwritten.empty() && changes.size() < kChangesAtOnce) {
      auto first = unwritten.extract(unwritten.begin());
      changes.push_back({std::move(first.key()), std::move(first.mapped())});
    }
    const std::vector<KeptChange> tried = changes;
    const Result<void> written = co_await self->store_->keep(self->options_.me, std::move(changes));
    if (written) continue;
    for (const KeptChange& change : tried) unwritten.emplace(change.key, change.value);
    break;  // the next beat tries again
  }
  self->writing_ = false;
}

}  // namespace weft::cluster
