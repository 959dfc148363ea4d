// RedisLog: who owns what, and how jobs are read.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "queue/redis_log.hpp"
#include "queue/redis_log_entry.hpp"
#include "queue/redis_log_read_scripts.hpp"

namespace weft::queue {
namespace {

using redis::Reply;
using std::chrono::steady_clock;

constexpr std::size_t kRecover = 200;  // entries in flight that one script looks through

const redis::Script kClaim(scripts::kClaim), kRelease(scripts::kRelease), kRead(scripts::kRead),
    kRecoverPart(scripts::kRecover);

}  // namespace

// --- owning ---

Task<Result<Holding>> RedisLog::claim(bool wants) {
  Words words;
  words.push_back(me_);
  words.push_back(std::to_string(options_.lease.count()));
  words.emplace_back(wants ? "1" : "0");
  words.push_back(std::to_string(options_.partitions));
  const auto reply = co_await run(kClaim, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->list.empty()) co_return QueueErrc::unavailable;
  Holding holding;
  holding.contenders = number_of(reply->list[0]);
  for (std::size_t i = 1; i < reply->list.size(); ++i) {
    const std::uint64_t partition = number_of(reply->list[i]);
    if (partition < parts_.size()) holding.owned.push_back(static_cast<unsigned>(partition));
  }
  std::ranges::sort(holding.owned);
  for (unsigned number = 0; number < parts_.size(); ++number) {
    Part& part = parts_[number];
    const bool is_owned = std::ranges::binary_search(holding.owned, number);
    if (is_owned == part.is_owned) continue;
    part = Part{};
    part.is_owned = is_owned;
    if (is_owned) part.recover_from = "-";
  }
  co_return holding;
}

Task<Result<void>> RedisLog::release(unsigned partition, std::vector<std::uint64_t> unseen) {
  parts_[partition] = Part{};
  Words words;
  words.push_back(me_);
  words.push_back(std::to_string(partition));
  for (const std::uint64_t sequence : unseen) words.push_back(std::to_string(sequence));
  const auto reply = co_await run(kRelease, std::move(words));
  if (!reply) co_return reply.error();
  co_return Result<void>{};
}

// --- reading ---

Task<Result<RedisLog::Entries>> RedisLog::read(std::vector<unsigned> partitions, std::size_t max,
                                               Millis wait) {
  const SteadyTime deadline = steady_clock::now() + wait;
  const std::uint64_t wakes = wakes_;
  for (;;) {
    const std::uint64_t rings = watch_->came.rings();
    auto found = co_await read_now(partitions, max);
    if (!found || !found->empty()) co_return found;
    if (wakes_ != wakes || steady_clock::now() >= deadline) co_return found;
    start_watch(partitions, wait);
    co_await watch_->came.wait(rings, deadline);
    if (stopped_) co_return QueueErrc::stopped;
  }
}

/// One after the other: what the answer of one brings is not to be found a second time by the next.
Task<Result<RedisLog::Entries>> RedisLog::read_now(std::vector<unsigned> partitions,
                                                   std::size_t max) {
  while (is_reading_) {
    const std::uint64_t rings = read_.rings();
    if (is_reading_) co_await read_.wait(rings, SteadyTime::max());
  }
  is_reading_ = true;
  auto found = co_await read_alone(std::move(partitions), max);
  is_reading_ = false;
  read_.ring();
  co_return found;
}

Task<Result<RedisLog::Entries>> RedisLog::read_alone(std::vector<unsigned> partitions,
                                                     std::size_t max) {
  Entries all;
  std::vector<unsigned> fresh;
  for (const unsigned partition : partitions) {
    while (parts_[partition].is_owned && parts_[partition].recover_from && all.size() < max) {
      auto found = co_await recover(partition, max - all.size());
      if (!found && all.empty()) co_return found;
      if (!found) co_return all;
      for (LogEntry& entry : *found) all.push_back(std::move(entry));
    }
    if (parts_[partition].is_owned && !parts_[partition].recover_from) fresh.push_back(partition);
  }
  if (!all.empty() || fresh.empty()) co_return all;
  co_return co_await read_new(std::move(fresh), max);
}

/// What an earlier owner had in flight, and what was lost on its way to this one.
Task<Result<RedisLog::Entries>> RedisLog::recover(unsigned partition, std::size_t max) {
  Words words;
  words.push_back(me_);
  words.push_back(std::to_string(partition));
  words.push_back(*parts_[partition].recover_from);
  words.push_back(std::to_string(std::min(max, kRecover)));
  for (const std::uint64_t sequence : parts_[partition].known)
    words.push_back(std::to_string(sequence));
  const auto reply = co_await run(kRecoverPart, std::move(words));
  Part& part = parts_[partition];
  if (!reply) co_return reply.error();
  const auto& list = reply->list;
  if (list.size() < 3) part.is_owned = false;
  if (!part.is_owned || list.size() < 3) co_return Entries();
  if (list[2].text.empty())
    part.recover_from.reset();
  else
    part.recover_from = list[2].text;
  Entries entries;
  for (std::size_t i = 3; i + 3 < list.size(); i += 4) {
    entries.push_back(entry_of(partition, list[i].text, list[i + 1].list, number_of(list[i + 2]),
                               list[1].integer));
    entries.back().rest = Millis(list[i + 3].integer);
    part.known.insert(entries.back().place.sequence);
  }
  co_return entries;
}

Task<Result<RedisLog::Entries>> RedisLog::read_new(std::vector<unsigned> partitions,
                                                   std::size_t max) {
  // Each time another one comes first.
  const auto first = static_cast<std::ptrdiff_t>(next_++ % partitions.size());
  std::ranges::rotate(partitions, partitions.begin() + first);
  Words words;
  words.push_back(me_);
  words.push_back(std::to_string(max));
  for (const unsigned partition : partitions) words.push_back(std::to_string(partition));
  const auto reply = co_await run(kRead, std::move(words));
  if (!reply) {
    lost_answer(partitions);
    co_return reply.error();
  }
  Entries entries;
  const auto& list = reply->list;
  for (std::size_t i = 1; i + 2 < list.size(); i += 3) {
    const std::uint64_t number = number_of(list[i]);
    if (number >= parts_.size() || !parts_[number].is_owned) continue;
    Part& part = parts_[number];
    part.last = list[i + 1].text;
    for (const Reply& one : list[i + 2].list) {
      if (one.list.size() != 2) continue;
      entries.push_back(entry_of(static_cast<unsigned>(number), one.list[0].text, one.list[1].list,
                                 1, list[0].integer));
      part.known.insert(entries.back().place.sequence);
    }
  }
  co_return entries;
}

/// They may have been read all the same: then they are in flight here and nobody knows them.
void RedisLog::lost_answer(const std::vector<unsigned>& partitions) {
  for (const unsigned partition : partitions)
    if (parts_[partition].is_owned) parts_[partition].recover_from = "-";
}

void RedisLog::start_watch(const std::vector<unsigned>& partitions, Millis wait) {
  Words words, ids;
  for (const unsigned partition : partitions) {
    if (!parts_[partition].is_owned) continue;
    if (words.empty())
      for (const char* word : {"XREAD", "COUNT", "1", "BLOCK"}) words.emplace_back(word);
    if (words.size() == 4) {
      words.push_back(std::to_string(std::clamp(wait, Millis(1), kLongestBlock).count()));
      words.emplace_back("STREAMS");
    }
    words.push_back(base_ + "s:" + std::to_string(partition));
    ids.push_back(parts_[partition].last + "-0");
  }
  if (words.empty() || std::exchange(watch_->is_under_way, true)) return;
  for (std::string& id : ids) words.push_back(std::move(id));
  boost::asio::co_spawn(home_.context(), watch(watch_, std::move(words)), boost::asio::detached);
}

Task<void> RedisLog::watch(std::shared_ptr<Watch> watch, Words words) {
  const auto reply = co_await redis::ask(*watch->client, std::move(words));
  watch->is_under_way = false;
  // Without a connection the next read says so; the wait ends by itself, not at once.
  if (reply && reply->kind != Reply::Kind::error) watch->came.ring();
}

void RedisLog::wake() {
  ++wakes_;
  watch_->came.ring();
}

}  // namespace weft::queue
