#include "cluster/memory_store.hpp"

#include <bitset>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace weft::cluster {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// Calls on their way hold it: the store may go meanwhile.
struct MemoryStore::Access {
  std::shared_ptr<MemoryAgreement> agreement;
  const StoreOptions options;
  std::optional<StoreErrc> failing = std::nullopt;
  bool was_stopped = false;
};

void MemoryAgreement::forget() {
  const std::lock_guard lock(mutex_);
  books_.clear();
}

MemoryAgreement::Node* MemoryAgreement::Book::leased(NodeId id) {
  const auto found = nodes.find(id);
  return found != nodes.end() && found->second.claimed_by == NodeId::none ? &found->second
                                                                          : nullptr;
}

StoreErrc MemoryAgreement::Book::why_lost(NodeId id, SteadyTime now) const {
  if (nodes.contains(id)) return StoreErrc::buried;
  for (const auto& [slot, rest] : resting)
    if (rest.of == id && now < rest.until) return StoreErrc::buried;
  return StoreErrc::lease_lost;
}

Result<unsigned> MemoryAgreement::Book::choose(std::optional<unsigned> slot, NodeId who,
                                               SteadyTime now) const {
  const auto own = nodes.find(who);
  const bool is_claimed = own != nodes.end() && own->second.claimed_by != NodeId::none;
  if (is_claimed && now < own->second.claimed_until) return StoreErrc::slot_taken;
  if (!slot && own != nodes.end()) return own->second.slot;
  std::bitset<NodeStore::kSlots> taken;
  for (const auto& [id, node] : nodes) taken[node.slot] = id != who;
  for (const auto& [at, rest] : resting)
    if (rest.of != who && now < rest.until) taken.set(at);
  if (slot) {
    if (*slot >= taken.size() || taken[*slot]) return StoreErrc::slot_taken;
    return *slot;
  }
  for (unsigned at = 0; at < taken.size(); ++at)
    if (!taken[at]) return at;
  return StoreErrc::no_free_slot;
}

MemoryStore::MemoryStore(std::shared_ptr<MemoryAgreement> agreement, StoreOptions options)
    : access_(std::make_shared<Access>(Access{std::move(agreement), std::move(options)})) {}

void MemoryStore::fail(StoreErrc how) { access_->failing = how; }
void MemoryStore::work_again() { access_->failing.reset(); }
void MemoryStore::stop() { access_->was_stopped = true; }

// Never answers during the call, as no server does.
template <class T, class Work>
Task<Result<T>> MemoryStore::carry_out(std::shared_ptr<Access> access, Work work) {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  if (access->was_stopped) co_return StoreErrc::unavailable;
  if (access->failing && *access->failing != StoreErrc::timed_out) co_return *access->failing;
  MemoryAgreement& agreement = *access->agreement;
  const std::lock_guard lock(agreement.mutex_);
  Result<T> result =
      work(agreement.books_[access->options.prefix], agreement.clock_(), access->options);
  if (access->failing) co_return *access->failing;
  co_return result;
}

Task<Result<unsigned>> MemoryStore::join(NodeId me, std::optional<unsigned> slot,
                                         std::string info) {
  return carry_out<unsigned>(
      access_, [=](Book& book, SteadyTime now, const StoreOptions& options) -> Result<unsigned> {
        const Result<unsigned> chosen = book.choose(slot, me, now);
        if (!chosen) return chosen;
        book.resting.erase(*chosen);
        Node node;
        node.slot = *chosen;
        node.info = info;
        node.last_beat = now;
        node.until = now + options.lease;
        book.nodes[me] = std::move(node);
        return chosen;
      });
}

Task<Result<std::vector<NodeEntry>>> MemoryStore::beat(NodeId me, std::string info) {
  using Entries = std::vector<NodeEntry>;
  return carry_out<Entries>(
      access_, [=](Book& book, SteadyTime now, const StoreOptions& options) -> Result<Entries> {
        Node* const mine = book.leased(me);
        if (!mine) return book.why_lost(me, now);
        mine->info = info;
        mine->last_beat = now;
        mine->until = now + options.lease;
        Entries entries;
        for (const auto& [id, node] : book.nodes) {
          const bool alive = node.claimed_by == NodeId::none && now < node.until;
          const auto since = std::chrono::duration_cast<milliseconds>(now - node.last_beat);
          entries.push_back({id, node.slot, node.info, alive, since});
        }
        return entries;
      });
}

Task<Result<void>> MemoryStore::leave(NodeId me) {
  return carry_out<void>(access_, [=](Book& book, SteadyTime, const StoreOptions&) -> Result<void> {
    if (book.leased(me)) book.nodes.erase(me);
    return {};
  });
}

Task<Result<void>> MemoryStore::keep(NodeId me, std::vector<KeptChange> changes) {
  return carry_out<void>(access_,
                         [me, changes = std::move(changes)](Book& book, SteadyTime now,
                                                            const StoreOptions&) -> Result<void> {
                           Node* const mine = book.leased(me);
                           if (!mine) return book.why_lost(me, now);
                           for (const KeptChange& change : changes) {
                             if (change.value)
                               mine->kept[change.key] = *change.value;
                             else
                               mine->kept.erase(change.key);
                           }
                           return {};
                         });
}

Task<Result<bool>> MemoryStore::keeps(NodeId node, std::string key) {
  return carry_out<bool>(access_, [=](Book& book, SteadyTime, const StoreOptions&) -> Result<bool> {
    const auto found = book.nodes.find(node);
    return found != book.nodes.end() && found->second.kept.contains(key);
  });
}

Task<Result<bool>> MemoryStore::claim(NodeId dead, NodeId me, milliseconds patience) {
  return carry_out<bool>(access_,
                         [=](Book& book, SteadyTime now, const StoreOptions&) -> Result<bool> {
                           const auto found = book.nodes.find(dead);
                           if (found == book.nodes.end()) return false;
                           Node& node = found->second;
                           const bool was_claimed = node.claimed_by != NodeId::none;
                           if (!was_claimed && now < node.until) return false;
                           if (was_claimed && node.claimed_by != me && now < node.claimed_until)
                             return false;
                           node.claimed_by = me;
                           node.claimed_until = now + patience;
                           return true;
                         });
}

Task<Result<std::vector<Kept>>> MemoryStore::kept(NodeId dead, std::size_t limit) {
  using All = std::vector<Kept>;
  return carry_out<All>(access_, [=](Book& book, SteadyTime, const StoreOptions&) -> Result<All> {
    All all;
    const auto found = book.nodes.find(dead);
    if (found == book.nodes.end()) return all;
    for (const auto& [key, value] : found->second.kept) {
      if (all.size() == limit) break;
      all.push_back({key, value});
    }
    return all;
  });
}

// drop() and bury() mean the dead: a node that has joined again meanwhile keeps what it has.
Task<Result<void>> MemoryStore::drop(NodeId dead, std::vector<std::string> keys) {
  return carry_out<void>(
      access_,
      [dead, keys = std::move(keys)](Book& book, SteadyTime, const StoreOptions&) -> Result<void> {
        const auto found = book.nodes.find(dead);
        if (found == book.nodes.end() || book.leased(dead)) return {};
        for (const std::string& key : keys) found->second.kept.erase(key);
        return {};
      });
}

Task<Result<void>> MemoryStore::bury(NodeId dead) {
  return carry_out<void>(
      access_, [=](Book& book, SteadyTime now, const StoreOptions& options) -> Result<void> {
        const auto found = book.nodes.find(dead);
        if (found == book.nodes.end() || book.leased(dead)) return {};
        book.resting[found->second.slot] = {dead, now + options.rest};
        book.nodes.erase(found);
        return {};
      });
}

}  // namespace weft::cluster
