// Dealing: jobs come in, and each is given to the consumer that its connection belongs to. What
// becomes of it there is told in topic_books.cpp.
#include "queue/topic.hpp"

#include <algorithm>
#include <ranges>

#include "queue/topic_slot.hpp"

namespace weft::queue {
Topic::Topic(const TopicRules& rules, unsigned number, std::string name, net::Loop& home,
             TopicLimits limits)
    : rules_(rules),
      number_(number),
      name_(std::move(name)),
      home_(home),
      limits_(std::move(limits)),
      counters_(rules.metrics, "topic=\"" + metrics::escape_label(name_) + "\"") {}

Topic::~Topic() = default;

void Topic::set_limits(TopicLimits limits) {
  home_.post([this, limits = std::move(limits)]() mutable { limits_ = std::move(limits); });
}

void Topic::start() { tick(); }

void Topic::add(JobPtr job, SteadyTime due) {
  if (limits_.ordered && !turns_.begin({job, due})) return;
  begin(std::move(job), due);
}

void Topic::begin(JobPtr job, SteadyTime due) {
  if (due == SteadyTime{}) return place(Entry{std::move(job)}, false);
  const auto left = std::chrono::ceil<Millis>(due - rules_.now());
  rest(std::move(job), std::max(left, Millis(0)));
}

/// It is gone: the next one of its connection may come.
void Topic::turn_is_over(const Job& job) {
  if (turns_.is_empty()) return;
  Turns::Waiting next = turns_.end(job.connection);
  if (next.job) begin(std::move(next.job), next.due);
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
  found->second->last_used = rules_.now();
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
  dealt();
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
  for (Entry& entry : slot->handed)
    if (!entry.revoked) unfinished.push_back({entry.job});
  for (Entry& entry : slot->line) unfinished.push_back({entry.job});
  for (std::size_t i = unfinished.size(); i-- > 0;) {
    if (i < attempted)
      retry(std::move(unfinished[i]), "its consumer left without acknowledging it", nullptr);
    else
      place(std::move(unfinished[i]), true);
  }
  deal();
}

}  // namespace weft::queue
