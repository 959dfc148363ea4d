// Dealing: jobs come in, and each is given to the consumer that its connection belongs to. What
// becomes of it there is told in topic_books.cpp.
#include "queue/topic.hpp"

#include <algorithm>
#include <ranges>

#include "queue/memory_queue.hpp"
#include "queue/topic_slot.hpp"

namespace weft::queue {
namespace {

constexpr unsigned kTopicBits = 12;  // of a job id; MemoryQueue::topic_of undoes it

}  // namespace

Topic::Topic(MemoryQueue& queue, unsigned number, std::string name, net::Loop& home,
             TopicLimits limits)
    : queue_(queue),
      number_(number),
      name_(std::move(name)),
      home_(home),
      max_items_(limits.max_items),
      max_bytes_(limits.max_bytes),
      limits_(std::move(limits)),
      counters_(queue.metrics_, "topic=\"" + metrics::escape_label(name_) + "\"") {}

Topic::~Topic() {
  for (Arrival* arrival = inbox_.load(); arrival;) delete std::exchange(arrival, arrival->next);
}

// --- any thread ---

Result<std::size_t> Topic::push(ConnectionId from, SharedBytes data,
                                std::shared_ptr<const Death> death) {
  // Room is taken first and given back when there was none: nobody ever sees a topic above its
  // limits.
  const std::size_t size = data.size();
  const std::size_t depth = items_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::size_t bytes = bytes_.fetch_add(size, std::memory_order_relaxed) + size;
  if (depth > max_items_.load(std::memory_order_relaxed) ||
      bytes > max_bytes_.load(std::memory_order_relaxed)) {
    items_.fetch_sub(1, std::memory_order_relaxed);
    bytes_.fetch_sub(size, std::memory_order_relaxed);
    refused_.fetch_add(1, std::memory_order_relaxed);
    return QueueErrc::full;
  }
  auto job = std::make_shared<Job>();
  job->id = (queue_.last_job_.fetch_add(1, std::memory_order_relaxed) + 1) << kTopicBits | number_;
  job->connection = from;
  job->topic = name_;
  job->data = std::move(data);
  job->pushed_at = queue_.options_.now();
  job->death = std::move(death);

  Arrival* below = inbox_.load(std::memory_order_relaxed);
  auto* arrival = new Arrival{std::move(job), below};
  while (!inbox_.compare_exchange_weak(below, arrival, std::memory_order_acq_rel,
                                       std::memory_order_relaxed)) {
    arrival->next = below;
  }
  // The arrival is the home loop's now. Only the push that found the inbox empty wakes that loop:
  // one wake-up for many jobs.
  if (!below) home_.post([this] { take_inbox(); });
  return depth;
}

void Topic::set_limits(TopicLimits limits) {
  max_items_.store(limits.max_items, std::memory_order_relaxed);
  max_bytes_.store(limits.max_bytes, std::memory_order_relaxed);
  home_.post([this, limits = std::move(limits)]() mutable { limits_ = std::move(limits); });
}

// --- home loop ---

void Topic::start() { tick(); }

void Topic::take_inbox() {
  Arrival* newest = inbox_.exchange(nullptr, std::memory_order_acq_rel);
  Arrival* oldest = nullptr;
  while (newest) oldest = std::exchange(newest, std::exchange(newest->next, oldest));
  while (oldest) {
    const std::unique_ptr<Arrival> arrival(std::exchange(oldest, oldest->next));
    counters_.pushed.add();
    place({std::move(arrival->job)}, false);
  }
  deal();
}

Topic::Slot& Topic::least_bound(const Slot* avoid) {
  Slot* best = nullptr;
  for (const auto& slot : slots_) {
    if (slot.get() == avoid && slots_.size() > 1) continue;
    if (!best || slot->bound.size() < best->bound.size()) best = slot.get();
  }
  return *best;
}

Topic::Binding& Topic::bind(ConnectionId connection, const Slot* avoid) {
  auto [found, is_new] = bindings_.try_emplace(connection);
  if (is_new) {
    Slot& slot = least_bound(avoid);
    found->second = slot.bound.insert(slot.bound.end(), {connection, &slot, 0, {}});
  }
  Bindings& list = found->second->slot->bound;
  list.splice(list.end(), list, found->second);
  found->second->last_used = queue_.options_.now();
  return *found->second;
}

void Topic::place(Entry entry, bool first, const Slot* avoid) {
  std::deque<Entry>* line = &waiting_;
  if (!slots_.empty() && entry.job->connection != ConnectionId::none) {
    entry.binding = &bind(entry.job->connection, avoid);
    ++entry.binding->outstanding;
    line = &entry.binding->slot->line;
  }
  if (first)
    line->push_front(std::move(entry));
  else
    line->push_back(std::move(entry));
}

/// Hands over all that the consumers have room for, in one post for each.
void Topic::deal() {
  for (const auto& slot : slots_) {
    while (!slot->line.empty() && slot->has_room()) {
      hand_over(*slot, std::move(slot->line.front()));
      slot->line.pop_front();
    }
  }
  while (!waiting_.empty()) {
    Slot* least = nullptr;
    for (const auto& slot : slots_)
      if (slot->has_room() && (!least || slot->load() < least->load())) least = slot.get();
    if (!least) break;
    hand_over(*least, std::move(waiting_.front()));
    waiting_.pop_front();
  }
  for (const auto& slot : slots_) {
    if (slot->batch.empty()) continue;
    slot->feeds.loop().post(
        [&feeds = slot->feeds, id = slot->id, jobs = std::exchange(slot->batch, {})]() mutable {
          feeds.on_jobs(id, std::move(jobs));
        });
  }
  show();
}

void Topic::hand_over(Slot& slot, Entry entry) {
  slot.batch.push_back(entry.job);
  slot.handed.push_back(std::move(entry));
}

void Topic::join(ConsumerId id, Feeds& feeds, ConsumeOptions options) {
  slots_.push_back(std::unique_ptr<Slot>(new Slot{id, feeds, options}));
  consumers_.store(slots_.size(), std::memory_order_relaxed);
  for (Entry& entry : std::exchange(waiting_, {})) place(std::move(entry), false);
  deal();
}

void Topic::leave(ConsumerId id) {
  const auto found = std::ranges::find(slots_, id, [](const auto& slot) { return slot->id; });
  if (found == slots_.end()) return;
  const std::unique_ptr<Slot> slot = std::move(*found);
  slots_.erase(found);
  consumers_.store(slots_.size(), std::memory_order_relaxed);
  for (const Binding& binding : slot->bound) bindings_.erase(binding.connection);

  // All it had goes back to the front, oldest first; what it had taken counts as an attempt.
  std::vector<Entry> unfinished;
  for (auto& [job, unacked] : slot->unacked) unfinished.push_back({unacked->entry.job});
  slot->unacked.clear();
  const std::size_t attempted = unfinished.size();
  for (Entry& entry : slot->handed) unfinished.push_back({entry.job});
  for (Entry& entry : slot->line) unfinished.push_back({entry.job});
  for (std::size_t i = unfinished.size(); i-- > 0;) {
    if (i < attempted)
      retry(std::move(unfinished[i]), "its consumer left without acknowledging it", Millis(0),
            nullptr);
    else
      place(std::move(unfinished[i]), true);
  }
  deal();
}

}  // namespace weft::queue
