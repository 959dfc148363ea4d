#include "cluster/redis_store.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "cluster/redis_store_scripts.hpp"
#include "driver/redis/script.hpp"

namespace weft::cluster {
namespace {

using redis::Reply;
using redis::Script;
using std::chrono::milliseconds;
using Words = std::vector<std::string>;

constexpr milliseconds kLongestAnswer{2'000}, kLongestWait{500};
constexpr std::size_t kBatch = 1'000, kBatchBytes = 4 << 20;  // of one script: others wait for it

Script script(std::string_view lua) {
  return Script(std::string(scripts::kWords) + std::string(lua));
}
/// Made at the first call.
struct Scripts {
  const Script join = script(scripts::kJoin), beat = script(scripts::kBeat),
               leave = script(scripts::kLeave), keep = script(scripts::kKeep),
               claim = script(scripts::kClaim), drop = script(scripts::kDrop),
               bury = script(scripts::kBury);
};
const Scripts& all_scripts() {
  static const Scripts made;
  return made;
}

std::string text_of(milliseconds time) { return std::to_string(time.count()); }

redis::RedisOptions hurried(redis::RedisOptions redis) {
  redis.timeout = std::min(redis.timeout, kLongestAnswer);
  redis.longest_wait = std::min(redis.longest_wait, kLongestWait);
  return redis;
}

/// What a driver's answer means to those who ask a store.
Result<Reply> checked(Result<Reply> reply) {
  if (!reply) {
    const bool is_late = reply.error() == redis::RedisErrc::timed_out;
    return is_late ? StoreErrc::timed_out : StoreErrc::unavailable;
  }
  if (reply->kind != Reply::Kind::error) return reply;
  static thread_local log::Limiter limiter(std::chrono::seconds(10));
  if (limiter.pass(std::chrono::steady_clock::now()))
    log::error("cluster: Redis answered: {}", reply->text);
  return StoreErrc::unavailable;
}

/// Of five elements from `at` on; nullopt = somebody else wrote it.
std::optional<NodeEntry> read_entry(const std::vector<Reply>& list, std::size_t at) {
  const auto id = parse_node_id(list[at].text);
  const std::int64_t slot = list[at + 1].integer;
  if (!id || slot < 0 || slot >= NodeStore::kSlots) return std::nullopt;
  NodeEntry entry;
  entry.id = *id;
  entry.slot = static_cast<unsigned>(slot);
  entry.alive = list[at + 2].integer == 1;
  entry.since_beat = milliseconds(list[at + 3].integer);
  entry.info = list[at + 4].text;
  return entry;
}

}  // namespace

class RedisStore::Door {
 public:
  Door(net::Loop& loop, redis::RedisOptions redis, StoreOptions options)
      : client_(std::in_place, loop, hurried(std::move(redis))), options_(std::move(options)) {}

  const StoreOptions& options() const { return options_; }
  void stop() { client_.reset(); }

  static Task<Result<Reply>> ask(std::shared_ptr<Door> self, Words words) {
    if (!self->client_) co_return StoreErrc::unavailable;
    co_return checked(co_await redis::ask(*self->client_, std::move(words)));
  }

  static Task<Result<Reply>> run(std::shared_ptr<Door> self, const Script& script, NodeId node,
                                 Words more) {
    if (!self->client_) co_return StoreErrc::unavailable;
    Words arguments{self->options_.prefix, to_string(node)};
    std::ranges::move(more, std::back_inserter(arguments));
    Result<Reply> reply = co_await redis::ask(*self->client_, script.by_hash(arguments));
    if (reply && Script::is_unknown(*reply) && self->client_)
      reply = co_await redis::ask(*self->client_, script.in_full(arguments));
    co_return checked(std::move(reply));
  }

  static StoreErrc why_lost(const Reply& reply) {
    return reply.integer == -2 ? StoreErrc::buried : StoreErrc::lease_lost;
  }

  /// In batches. A batch that is answered with less than 0 has no lease.
  static Task<Result<void>> run_all(std::shared_ptr<Door> self, const Script& script, NodeId node,
                                    Words items, std::size_t words_per_item) {
    std::size_t next = 0;
    do {
      Words batch;
      std::size_t bytes = 0;
      while (next < items.size() && batch.size() < kBatch * words_per_item && bytes < kBatchBytes) {
        for (std::size_t i = 0; i < words_per_item; ++i) {
          bytes += items[next].size();
          batch.push_back(std::move(items[next++]));
        }
      }
      const Result<Reply> reply = co_await run(self, script, node, std::move(batch));
      if (!reply) co_return reply.error();
      if (reply->integer < 0) co_return why_lost(*reply);
    } while (next < items.size());
    co_return Result<void>();
  }

  static Task<Result<void>> run_once(std::shared_ptr<Door> self, const Script& script, NodeId node,
                                     Words more) {
    const Result<Reply> reply = co_await run(self, script, node, std::move(more));
    if (!reply) co_return reply.error();
    co_return Result<void>();
  }

  static Task<Result<unsigned>> join(std::shared_ptr<Door> self, NodeId me,
                                     std::optional<unsigned> slot, std::string info) {
    if (slot && *slot >= kSlots) co_return StoreErrc::slot_taken;
    Words more;
    more.push_back(slot ? std::to_string(*slot) : "");
    more.push_back(std::move(info));
    more.push_back(text_of(self->options_.lease));
    const Result<Reply> reply = co_await run(self, all_scripts().join, me, std::move(more));
    if (!reply) co_return reply.error();
    if (reply->integer == -1) co_return StoreErrc::slot_taken;
    if (reply->integer < 0) co_return StoreErrc::no_free_slot;
    co_return static_cast<unsigned>(reply->integer);
  }

  static Task<Result<std::vector<NodeEntry>>> beat(std::shared_ptr<Door> self, NodeId me,
                                                   std::string info) {
    Words more;
    more.push_back(std::move(info));
    more.push_back(text_of(self->options_.lease));
    const Result<Reply> reply = co_await run(self, all_scripts().beat, me, std::move(more));
    if (!reply) co_return reply.error();
    if (reply->kind != Reply::Kind::list) co_return why_lost(*reply);
    std::vector<NodeEntry> entries;
    for (std::size_t at = 0; at + 5 <= reply->list.size(); at += 5)
      if (auto entry = read_entry(reply->list, at)) entries.push_back(std::move(*entry));
    co_return entries;
  }

  static Task<Result<void>> keep(std::shared_ptr<Door> self, NodeId me,
                                 std::vector<KeptChange> changes) {
    Words items;
    for (KeptChange& change : changes) {
      items.push_back(std::move(change.key));
      items.push_back(change.value ? "1" : "0");
      items.push_back(std::move(change.value).value_or(""));
    }
    co_return co_await run_all(self, all_scripts().keep, me, std::move(items), 3);
  }

  static Task<Result<bool>> keeps(std::shared_ptr<Door> self, NodeId node, std::string key) {
    Words words{"HEXISTS"};
    words.push_back(self->options_.prefix + ":kept:" + to_string(node));
    words.push_back(std::move(key));
    const Result<Reply> reply = co_await ask(self, std::move(words));
    if (!reply) co_return Result<bool>(boost::system::in_place_error, reply.error());
    co_return reply->integer == 1;
  }

  static Task<Result<bool>> claim(std::shared_ptr<Door> self, NodeId dead, NodeId me,
                                  milliseconds patience) {
    Words more;
    more.push_back(to_string(me));
    more.push_back(text_of(patience));
    const Result<Reply> reply = co_await run(self, all_scripts().claim, dead, std::move(more));
    if (!reply) co_return Result<bool>(boost::system::in_place_error, reply.error());
    co_return reply->integer == 1;
  }

  static Task<Result<std::vector<Kept>>> kept(std::shared_ptr<Door> self, NodeId dead,
                                              std::size_t limit) {
    Words words{"HRANDFIELD"};
    words.push_back(self->options_.prefix + ":kept:" + to_string(dead));
    words.push_back(std::to_string(limit));
    words.push_back("WITHVALUES");
    Result<Reply> reply = co_await ask(self, std::move(words));
    if (!reply) co_return reply.error();
    std::vector<Kept> all;
    for (std::size_t at = 0; at + 2 <= reply->list.size(); at += 2) {
      Kept one;
      one.key = std::move(reply->list[at].text);
      one.value = std::move(reply->list[at + 1].text);
      all.push_back(std::move(one));
    }
    co_return all;
  }

  static Task<Result<void>> drop(std::shared_ptr<Door> self, NodeId dead, Words keys) {
    co_return co_await run_all(self, all_scripts().drop, dead, std::move(keys), 1);
  }

 private:
  std::optional<redis::RedisClient> client_;
  const StoreOptions options_;
};

RedisStore::RedisStore(net::Loop& loop, redis::RedisOptions redis, StoreOptions options)
    : door_(std::make_shared<Door>(loop, std::move(redis), std::move(options))) {}

void RedisStore::stop() { door_->stop(); }

Task<Result<unsigned>> RedisStore::join(NodeId me, std::optional<unsigned> slot, std::string info) {
  return Door::join(door_, me, slot, std::move(info));
}
Task<Result<std::vector<NodeEntry>>> RedisStore::beat(NodeId me, std::string info) {
  return Door::beat(door_, me, std::move(info));
}
Task<Result<void>> RedisStore::leave(NodeId me) {
  return Door::run_once(door_, all_scripts().leave, me, {});
}
Task<Result<void>> RedisStore::keep(NodeId me, std::vector<KeptChange> changes) {
  return Door::keep(door_, me, std::move(changes));
}
Task<Result<bool>> RedisStore::keeps(NodeId node, std::string key) {
  return Door::keeps(door_, node, std::move(key));
}
Task<Result<bool>> RedisStore::claim(NodeId dead, NodeId me, milliseconds patience) {
  return Door::claim(door_, dead, me, patience);
}
Task<Result<std::vector<Kept>>> RedisStore::kept(NodeId dead, std::size_t limit) {
  return Door::kept(door_, dead, limit);
}
Task<Result<void>> RedisStore::drop(NodeId dead, Words keys) {
  return Door::drop(door_, dead, std::move(keys));
}
Task<Result<void>> RedisStore::bury(NodeId dead) {
  return Door::run_once(door_, all_scripts().bury, dead, Words{text_of(door_->options().rest)});
}

}  // namespace weft::cluster
