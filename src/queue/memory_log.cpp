#include "queue/memory_log.hpp"

#include <algorithm>

namespace weft::queue {
namespace {

using std::chrono::steady_clock;

LogEntry shown(LogPlace place, const MemoryLogStore::Entry& entry) {
  const SteadyTime now = steady_clock::now();
  LogEntry shown;
  shown.place = place;
  shown.connection = entry.job.connection;
  shown.data = entry.job.data;
  shown.age = std::chrono::duration_cast<Millis>(now - entry.appended);
  shown.death = entry.job.death;
  if (entry.due > now) shown.rest = std::chrono::ceil<Millis>(entry.due - now);
  shown.attempt = entry.attempts + (shown.rest > Millis(0) ? 1 : 0);
  return shown;
}

}  // namespace

MemoryLog::MemoryLog(std::shared_ptr<MemoryLogStore> store, LogOptions options)
    : store_(std::move(store)), options_(std::move(options)) {
  store_->partitions.resize(std::max<std::size_t>(options_.partitions, store_->partitions.size()));
}

Task<Result<Appended>> MemoryLog::append(unsigned number, std::vector<NewJob> jobs) {
  if (stopped_) co_return QueueErrc::stopped;
  Partition& partition = store_->partitions.at(number);
  std::uint64_t& last = partition.numbers[options_.me];
  Appended appended;
  for (NewJob& job : jobs) {
    if (job.number > last) {
      const std::size_t size = job.data.size();
      if (store_->items + 1 > options_.max_items || store_->bytes + size > options_.max_bytes)
        break;
      last = job.number;
      ++store_->items;
      store_->bytes += size;
      partition.entries[++partition.last] = {std::move(job), steady_clock::now()};
    }
    ++appended.stored;
  }
  appended.depth = store_->items;
  store_->bell.ring();
  co_return appended;
}

Task<Result<Holding>> MemoryLog::claim(bool wants) {
  if (stopped_) co_return QueueErrc::stopped;
  const SteadyTime now = steady_clock::now();
  if (wants)
    store_->contenders[options_.me] = now + options_.lease;
  else
    store_->contenders.erase(options_.me);
  std::erase_if(store_->contenders, [now](const auto& one) { return one.second <= now; });

  std::size_t count = 0;
  for (Partition& each : store_->partitions) {
    if (each.owner != options_.me) continue;
    each.until = now + options_.lease;
    ++count;
  }
  Holding holding;
  holding.contenders = store_->contenders.size();
  const std::size_t share = fair_share(store_->partitions.size(), holding.contenders);
  for (unsigned i = 0; i < store_->partitions.size(); ++i) {
    Partition& each = store_->partitions[i];
    if (wants && count < share && each.owner != options_.me &&
        (each.owner == NodeId::none || each.until <= now)) {
      each.owner = options_.me;
      each.until = now + options_.lease;
      ++count;
    }
    if (each.owner == options_.me) holding.owned.push_back(i);
  }
  co_return holding;
}

Task<Result<void>> MemoryLog::release(unsigned number, std::vector<std::uint64_t> unseen) {
  Partition& partition = store_->partitions.at(number);
  if (partition.owner != options_.me) co_return Result<void>{};
  partition.owner = NodeId::none;
  for (auto& [sequence, entry] : partition.entries) {
    if (entry.with != options_.me) continue;
    entry.with = NodeId::none;
    if (std::ranges::find(unseen, sequence) != unseen.end()) --entry.attempts;
  }
  co_return Result<void>{};
}

std::vector<LogEntry> MemoryLog::read_now(const std::vector<unsigned>& partitions,
                                          std::size_t max) {
  std::vector<LogEntry> all;
  for (const unsigned number : partitions) {
    Partition& partition = store_->partitions.at(number);
    if (partition.owner != options_.me) continue;
    for (auto& [sequence, entry] : partition.entries) {
      if (all.size() == max) return all;
      if (entry.with == options_.me) continue;
      entry.with = options_.me;
      if (entry.due <= steady_clock::now()) ++entry.attempts;
      all.push_back(shown({number, sequence}, entry));
    }
  }
  return all;
}

Task<Result<std::vector<LogEntry>>> MemoryLog::read(std::vector<unsigned> partitions,
                                                    std::size_t max, Millis wait) {
  const SteadyTime deadline = steady_clock::now() + wait;
  const std::uint64_t wakes = wakes_;
  for (;;) {
    if (stopped_) co_return QueueErrc::stopped;
    const std::uint64_t rings = store_->bell.rings();
    std::vector<LogEntry> found = read_now(partitions, max);
    const bool is_over = wakes_ != wakes || steady_clock::now() >= deadline;
    if (!found.empty() || is_over) co_return std::move(found);
    co_await store_->bell.wait(rings, deadline);
  }
}

void MemoryLog::wake() {
  ++wakes_;
  store_->bell.ring();
}

bool MemoryLog::erase(LogPlace place) {
  Partition& partition = store_->partitions.at(place.partition);
  const auto found = partition.entries.find(place.sequence);
  if (found == partition.entries.end()) return false;
  --store_->items;
  store_->bytes -= found->second.job.data.size();
  partition.entries.erase(found);
  return true;
}

Task<Result<void>> MemoryLog::ack(std::vector<LogPlace> places) {
  if (stopped_) co_return QueueErrc::stopped;
  std::size_t owned = 0;
  for (const LogPlace place : places) {
    if (store_->partitions.at(place.partition).owner != options_.me) continue;
    ++owned;
    erase(place);
  }
  if (owned < places.size()) co_return QueueErrc::not_owner;
  co_return Result<void>{};
}

MemoryLogStore::Entry* MemoryLog::mine(LogPlace place) {
  auto& entries = store_->partitions.at(place.partition).entries;
  const auto found = entries.find(place.sequence);
  return found != entries.end() && found->second.with == options_.me ? &found->second : nullptr;
}

Task<Result<void>> MemoryLog::again(std::vector<LogPlace> places) {
  for (const LogPlace place : places) {
    MemoryLogStore::Entry* const entry = mine(place);
    if (!entry) continue;
    ++entry->attempts;
    entry->due = {};
  }
  co_return Result<void>{};
}

Task<Result<void>> MemoryLog::rest(std::vector<Rest> rests) {
  if (stopped_) co_return QueueErrc::stopped;
  std::size_t owned = 0;
  for (const Rest& one : rests) {
    if (store_->partitions.at(one.place.partition).owner != options_.me) continue;
    ++owned;
    if (auto* const entry = mine(one.place)) entry->due = steady_clock::now() + one.time;
  }
  if (owned < rests.size()) co_return QueueErrc::not_owner;
  co_return Result<void>{};
}

Task<Result<void>> MemoryLog::ping() {
  if (stopped_) co_return QueueErrc::stopped;
  co_return Result<void>{};
}

Task<Result<LogStatus>> MemoryLog::status() {
  if (stopped_) co_return QueueErrc::stopped;
  LogStatus status;
  status.items = store_->items;
  status.bytes = store_->bytes;
  for (const Partition& partition : store_->partitions) {
    for (const auto& [sequence, entry] : partition.entries) {
      if (entry.with != NodeId::none) ++status.in_flight;
      status.oldest = std::max(status.oldest, shown({}, entry).age);
    }
  }
  co_return status;
}

Task<Result<std::vector<LogEntry>>> MemoryLog::peek(std::size_t limit) {
  if (stopped_) co_return QueueErrc::stopped;
  std::vector<LogEntry> all;
  const std::size_t each = (limit + store_->partitions.size() - 1) / store_->partitions.size();
  for (unsigned number = 0; number < store_->partitions.size(); ++number) {
    std::size_t left = each;
    for (const auto& [sequence, entry] : store_->partitions[number].entries) {
      if (left-- == 0 || all.size() == limit) break;
      all.push_back(shown({number, sequence}, entry));
    }
  }
  co_return all;
}

Task<Result<std::size_t>> MemoryLog::remove(std::vector<LogPlace> places) {
  if (stopped_) co_return QueueErrc::stopped;
  co_return static_cast<std::size_t>(
      std::ranges::count_if(places, [this](LogPlace place) { return erase(place); }));
}

Task<Result<std::size_t>> MemoryLog::purge() {
  if (stopped_) co_return QueueErrc::stopped;
  for (Partition& partition : store_->partitions) partition.entries.clear();
  store_->bytes = 0;
  co_return std::exchange(store_->items, 0);
}

void MemoryLog::set_limits(std::size_t max_items, std::size_t max_bytes) {
  options_.max_items = max_items;
  options_.max_bytes = max_bytes;
}

void MemoryLog::stop() {
  stopped_ = true;
  store_->bell.ring();
}

}  // namespace weft::queue
