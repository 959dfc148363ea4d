#include "cluster/nats_store.hpp"

#include <unordered_map>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "cluster/nats_agreement.hpp"

namespace weft::cluster {

namespace {

using Self = std::shared_ptr<NatsAgreement>;
using nats::Bucket;
using State = NodeRecord::State;
using std::chrono::milliseconds;

/// Of a compare-and-set that others spoil: each time somebody else has got on.
constexpr int kAttempts = 2 * NodeStore::kSlots;
/// A record that says nothing more is removed. Every copy has seen it by then.
constexpr milliseconds kForgetAfter = std::chrono::minutes(10);

std::string under(NodeId id) { return "kept." + to_string(id) + "."; }
std::string kept_key(NodeId id, std::string_view key) {
  return under(id) + "k" + encode_base64(as_bytes(key));
}

bool is_live(const NodeRecord* record) { return record && record->state == State::live; }
bool is_claimed(const NodeRecord* record) { return record && record->state == State::claimed; }

/// Why a node that is not live cannot beat and keep.
StoreErrc lost(const NatsBook& book, const NodeRecord* record) {
  const bool known = record && (record->state == State::claimed || !book.is_over(*record));
  return known ? StoreErrc::buried : StoreErrc::lease_lost;
}

/// `done`: false = somebody else was first.
Task<error_code> write(Self self, NodeId id, NodeRecord record, bool& done) {
  const std::uint64_t expected = self->book.sequence_of(id);
  const Result<bool> stored = co_await put(self, key_of(id), text_of(record), expected);
  done = stored && *stored;
  co_return stored ? error_code{} : stored.error();
}

/// Others may take it at once.
Task<error_code> free_slot(Self self, NodeId me, unsigned slot) {
  if (self->book.holder_of(slot) != me) co_return error_code{};
  const std::uint64_t expected = self->book.sequence_of_slot(slot);
  const Result<bool> stored = co_await put(self, key_of_slot(slot), "", expected);
  co_return stored ? error_code{} : stored.error();  // false: somebody has it already
}

// --- joining -------------------------------------------------------------------------------------

Task<Result<unsigned>> take_slot(Self self, NodeId me, std::optional<unsigned> wanted) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<unsigned> slot = self->book.choose(wanted, me);
    if (!slot) co_return slot;
    const std::uint64_t expected = self->book.sequence_of_slot(*slot);
    const Result<bool> taken = co_await put(self, key_of_slot(*slot), to_string(me), expected);
    if (!taken) co_return taken.error();
    if (*taken) co_return slot;
  }
  co_return StoreErrc::timed_out;
}

Task<Result<unsigned>> join_nodes(Self self, NodeId me, std::optional<unsigned> wanted,
                                  NodeRecord record) {
  if (const error_code error = co_await ready(self)) co_return error;
  if (const auto now = co_await catch_up(self); !now) co_return now.error();
  const NodeRecord* const old = self->book.find(me);
  const std::optional<unsigned> old_slot = old ? std::optional(old->slot) : std::nullopt;
  const Result<unsigned> slot = co_await take_slot(self, me, wanted);
  if (!slot) co_return slot;
  if (old_slot) {
    const error_code error = co_await purge(self, under(me) + ">", Bucket::kAll);
    if (error) co_return error;
  }
  record.slot = *slot;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    bool done = false;
    if (const error_code error = co_await write(self, me, record, done)) co_return error;
    if (!done) continue;
    if (old_slot && *old_slot != *slot) co_await free_slot(self, me, *old_slot);
    co_return slot;
  }
  co_return StoreErrc::timed_out;
}

// --- living --------------------------------------------------------------------------------------

/// Fine while `me` is live. What the copy denies is looked up.
Task<error_code> lives(Self self, NodeId me) {
  if (is_live(self->book.find(me))) co_return error_code{};
  if (const error_code error = co_await refresh(self, key_of(me))) co_return error;
  const NodeRecord* const record = self->book.find(me);
  co_return is_live(record) ? error_code{} : lost(self->book, record);
}

Task<Result<std::vector<NodeEntry>>> beat_once(Self self, NodeId me, NodeRecord record) {
  if (const error_code error = co_await ready(self)) co_return error;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (const error_code error = co_await lives(self, me)) co_return error;
    record.slot = self->book.find(me)->slot;
    bool done = false;
    if (const error_code error = co_await write(self, me, record, done)) co_return error;
    if (!done) continue;
    if (const auto forgotten = self->book.forgotten(kForgetAfter)) {
      self->bucket->purge_unheard(key_of(*forgotten));
    }
    co_return self->book.entries();
  }
  co_return StoreErrc::timed_out;
}

/// `me` says that it is no more, or somebody else that it rests.
Task<Result<void>> end(Self self, NodeId who, State from, NodeRecord record) {
  if (const error_code error = co_await ready(self)) co_return error;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (const error_code error = co_await refresh(self, key_of(who))) co_return error;
    const NodeRecord* const old = self->book.find(who);
    if (!old || old->state != from) break;
    record.slot = old->slot;
    bool done = false;
    if (const error_code error = co_await write(self, who, record, done)) co_return error;
    if (!done) continue;
    if (record.state == State::gone) {
      if (const error_code error = co_await free_slot(self, who, record.slot)) co_return error;
    }
    break;
  }
  // Also when this is the second try, and the first one ended half-way.
  const std::uint64_t ended = self->book.sequence_of(who);
  const NodeRecord* const now = self->book.find(who);
  if (ended == 0 || is_live(now) || is_claimed(now)) co_return Result<void>{};
  const error_code error = co_await purge(self, under(who) + ">", ended);
  if (error) co_return error;
  co_return Result<void>{};
}

// --- keeping -------------------------------------------------------------------------------------

std::vector<nats::Request> requests_for(const Bucket& bucket, NodeId me,
                                        std::vector<KeptChange> changes) {
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < changes.size(); ++i) last[changes[i].key] = i;
  std::vector<nats::Request> requests;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    KeptChange& change = changes[i];
    if (last.at(change.key) != i) continue;  // another one follows
    const std::string key = kept_key(me, change.key);
    requests.push_back(change.value ? bucket.to_put(key, std::move(*change.value))
                                    : bucket.to_purge(key, Bucket::kAll));
  }
  return requests;
}

Task<Result<void>> keep_all(Self self, NodeId me, std::vector<KeptChange> changes) {
  if (const error_code error = co_await ready(self)) co_return error;
  if (const error_code error = co_await lives(self, me)) co_return error;
  std::vector<nats::Request> requests = requests_for(*self->bucket, me, std::move(changes));
  if (const error_code error = co_await carry_out(self, std::move(requests))) co_return error;
  // It may have been claimed meanwhile, and buried: then nobody would ever remove this.
  if (const error_code error = co_await refresh(self, key_of(me))) co_return error;
  const NodeRecord* const record = self->book.find(me);
  if (is_live(record)) co_return Result<void>{};
  const StoreErrc why = lost(self->book, record);
  if (!is_claimed(record)) {
    co_await purge(self, under(me) + ">", Bucket::kAll);
  }
  co_return why;
}

Task<Result<bool>> has_kept(Self self, NodeId node, std::string key) {
  if (const error_code error = co_await ready(self)) co_return failed(error);
  const auto found = std::make_shared<bool>(false);
  Bucket::OnFound on_found = [found](std::string_view, std::string_view) { *found = true; };
  const error_code error = co_await list(self, kept_key(node, key), 1, std::move(on_found));
  if (error) co_return failed(error);
  co_return *found;
}

// --- the dead ------------------------------------------------------------------------------------

/// What a claim would write; nullopt when there is nothing to claim.
std::optional<NodeRecord> claim_on(const NatsBook& book, NodeId dead, NodeId me,
                                   milliseconds patience) {
  const NodeRecord* const old = book.find(dead);
  if (!old || old->state == State::resting) return std::nullopt;
  const bool is_mine = old->state == State::claimed && old->claimer == me;
  if (!is_mine && !book.is_over(*old)) return std::nullopt;
  NodeRecord record = *old;
  record.state = State::claimed;
  record.silent += book.since(old->stored_ns);
  record.claimer = me;
  record.span = patience;
  return record;
}

Task<Result<bool>> claim_once(Self self, NodeId dead, NodeId me, milliseconds patience) {
  if (const error_code error = co_await ready(self)) co_return failed(error);
  if (const auto now = co_await catch_up(self); !now) co_return failed(now.error());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::optional<NodeRecord> record = claim_on(self->book, dead, me, patience);
    if (!record) co_return false;
    bool done = false;
    if (const error_code error = co_await write(self, dead, std::move(*record), done))
      co_return failed(error);
    if (done) co_return true;
  }
  co_return StoreErrc::timed_out;
}

Task<Result<std::vector<Kept>>> list_kept(Self self, NodeId dead, std::size_t limit) {
  const auto all = std::make_shared<std::vector<Kept>>();
  if (limit == 0) co_return std::move(*all);
  if (const error_code error = co_await ready(self)) co_return error;
  const std::string prefix = under(dead) + "k";
  Bucket::OnFound on_found = [all, prefix](std::string_view key, std::string_view text) {
    if (!key.starts_with(prefix)) return;
    auto name = decode_base64(key.substr(prefix.size()));
    if (name) all->push_back({std::move(*name), std::string(text)});
  };
  const error_code error = co_await list(self, under(dead) + ">", limit, std::move(on_found));
  if (error) co_return error;
  co_return std::move(*all);
}

Task<Result<void>> drop_keys(Self self, NodeId dead, std::vector<std::string> keys) {
  if (const error_code error = co_await ready(self)) co_return error;
  const Result<std::uint64_t> now = co_await catch_up(self);
  if (!now) co_return now.error();
  if (!is_claimed(self->book.find(dead))) co_return Result<void>{};
  std::vector<nats::Request> requests;
  for (const std::string& key : keys) {
    // What it keeps when it has joined again comes later.
    requests.push_back(self->bucket->to_purge(kept_key(dead, key), *now + 1));
  }
  if (const error_code error = co_await carry_out(self, std::move(requests))) co_return error;
  co_return Result<void>{};
}

}  // namespace

NatsStore::NatsStore(net::Loop& loop, nats::NatsOptions server, StoreOptions options)
    : options_(std::move(options)),
      agreement_(std::make_shared<NatsAgreement>(loop, std::move(server), options_.prefix)) {}

void NatsStore::stop() { agreement_->bucket->stop(); }

Task<Result<unsigned>> NatsStore::join(NodeId me, std::optional<unsigned> slot, std::string info) {
  NodeRecord record;
  record.state = State::live;
  record.span = options_.lease;
  record.info = std::move(info);
  return join_nodes(agreement_, me, slot, std::move(record));
}

Task<Result<std::vector<NodeEntry>>> NatsStore::beat(NodeId me, std::string info) {
  NodeRecord record;
  record.state = State::live;
  record.span = options_.lease;
  record.info = std::move(info);
  return beat_once(agreement_, me, std::move(record));
}

Task<Result<void>> NatsStore::leave(NodeId me) { return end(agreement_, me, State::live, {}); }

Task<Result<void>> NatsStore::keep(NodeId me, std::vector<KeptChange> changes) {
  return keep_all(agreement_, me, std::move(changes));
}

Task<Result<bool>> NatsStore::keeps(NodeId node, std::string key) {
  return has_kept(agreement_, node, std::move(key));
}

Task<Result<bool>> NatsStore::claim(NodeId dead, NodeId me, milliseconds patience) {
  return claim_once(agreement_, dead, me, patience);
}

Task<Result<std::vector<Kept>>> NatsStore::kept(NodeId dead, std::size_t limit) {
  return list_kept(agreement_, dead, limit);
}

Task<Result<void>> NatsStore::drop(NodeId dead, std::vector<std::string> keys) {
  return drop_keys(agreement_, dead, std::move(keys));
}

Task<Result<void>> NatsStore::bury(NodeId dead) {
  NodeRecord record;
  record.state = State::resting;
  record.span = options_.rest;
  return end(agreement_, dead, State::claimed, std::move(record));
}

}  // namespace weft::cluster
