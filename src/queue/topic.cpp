#include "queue/topic.hpp"

#include <algorithm>
#include <ranges>

#include "base/log.hpp"
#include "queue/memory_queue.hpp"

namespace weft::queue {
namespace {

constexpr std::size_t kWindow = 256;  // jobs on their way to a consumer that does not acknowledge
constexpr unsigned kTopicBits = 12;   // of a job id; MemoryQueue::topic_of undoes it
constexpr Millis kTickInterval{1000};

}  // namespace

struct Topic::Unacked final : net::Timer {
  Unacked(Topic& t, Slot& s, Entry e) : topic(t), slot(s), entry(std::move(e)) {}
  void on_timer() override { topic.expired(*this); }
  Topic& topic;
  Slot& slot;
  Entry entry;
};

struct Topic::Delayed final : net::Timer {
  Delayed(Topic& t, JobPtr j) : topic(t), job(std::move(j)) {}
  void on_timer() override { topic.woken(*this); }
  Topic& topic;
  JobPtr job;
};

/// A consumer as its topic sees it.
struct Topic::Slot {
  ConsumerId id;
  Feeds& feeds;
  ConsumeOptions options;
  Bindings bound = {};
  std::deque<Entry> line = {}, handed = {};
  std::map<std::uint64_t, std::unique_ptr<Unacked>> unacked = {};  // by job
  std::vector<JobPtr> batch = {};                                  // handed over, not posted yet

  std::size_t load() const { return line.size() + handed.size() + unacked.size(); }
  bool has_room() const {
    return options.ack ? handed.size() + unacked.size() < options.prefetch
                       : handed.size() < kWindow;
  }
};

Topic::Counters::Counters(metrics::Registry& registry, const std::string& topic)
    : items(registry.gauge("weft_queue_items", "jobs in a topic, unacknowledged ones included",
                           topic)),
      bytes(registry.gauge("weft_queue_bytes", "bytes of the jobs in a topic", topic)),
      unacked(registry.gauge("weft_queue_unacked",
                             "jobs that a consumer has and did not acknowledge yet", topic)),
      consumers(registry.gauge("weft_queue_consumers", "consumers of a topic", topic)),
      oldest(registry.gauge("weft_queue_oldest_milliseconds", "age of the oldest job in a topic",
                            topic)),
      pushed(registry.counter("weft_queue_pushed_total", "jobs pushed", topic)),
      delivered(registry.counter("weft_queue_delivered_total", "jobs taken by a consumer", topic)),
      acked(registry.counter("weft_queue_acked_total", "jobs acknowledged", topic)),
      redelivered(registry.counter("weft_queue_redelivered_total",
                                   "jobs taken again after a failed attempt", topic)),
      dead(registry.counter("weft_queue_dead_total", "jobs that failed too often", topic)),
      refused(registry.counter("weft_queue_refused_total",
                               "pushes refused because the topic was full", topic)) {}

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

void Topic::on_report(ConsumerId id, Report report, Feeds& from) {
  const auto found = std::ranges::find(slots_, id, [](const auto& slot) { return slot->id; });
  std::vector<std::pair<std::function<void(error_code)>, error_code>> answers;
  if (found != slots_.end())
    for (; report.taken > 0 && !(*found)->handed.empty(); --report.taken) taken(**found);
  for (Settlement& settlement : report.settled) {
    const error_code error =
        found == slots_.end() ? QueueErrc::no_such_job : settle(**found, settlement);
    if (settlement.done) answers.emplace_back(std::move(settlement.done), error);
  }
  if (!answers.empty())
    from.loop().post([answers = std::move(answers)] {
      for (const auto& [done, error] : answers) done(error);
    });
  deal();
}

void Topic::taken(Slot& slot) {
  Entry entry = std::move(slot.handed.front());
  slot.handed.pop_front();
  counters_.delivered.add();
  if (entry.job->attempt > 1) counters_.redelivered.add();
  if (!slot.options.ack) return finish(entry);
  const std::uint64_t job = entry.job->id;
  auto unacked = std::make_unique<Unacked>(*this, slot, std::move(entry));
  home_.timers().set(*unacked, limits_.ack_timeout);
  slot.unacked[job] = std::move(unacked);
}

error_code Topic::settle(Slot& slot, const Settlement& settlement) {
  const auto found = slot.unacked.find(settlement.job);
  if (found == slot.unacked.end()) return QueueErrc::no_such_job;
  Entry entry = std::move(found->second->entry);
  slot.unacked.erase(found);
  if (settlement.nack) {
    retry(std::move(entry), "its consumer refused it (nack)", *settlement.nack, nullptr);
  } else {
    counters_.acked.add();
    finish(entry);
  }
  return {};
}

void Topic::expired(Unacked& unacked) {
  Slot& slot = unacked.slot;
  Entry entry = std::move(unacked.entry);
  slot.unacked.erase(entry.job->id);
  retry(std::move(entry), "it was not acknowledged in time", Millis(0), &slot);
  deal();
}

void Topic::woken(Delayed& delayed) {
  JobPtr job = std::move(delayed.job);
  delayed_.erase(job->id);
  place({std::move(job)}, true);
  deal();
}

/// The attempt failed: once more, or never again. `avoid`: a consumer that seems stuck; its
/// connections move on to another one as soon as it has nothing else of theirs.
void Topic::retry(Entry entry, std::string_view why, Millis delay, const Slot* avoid) {
  Binding* binding = entry.binding;
  unbind(entry);
  if (entry.job->attempt >= limits_.max_attempts) {
    finish(entry);
    return die(*entry.job, fmt::format("{}, attempt {}", why, entry.job->attempt));
  }
  if (avoid && binding && binding->outstanding == 0 && slots_.size() > 1) {
    const auto found = bindings_.find(binding->connection);
    binding->slot->bound.erase(found->second);
    bindings_.erase(found);
  }
  auto again = std::make_shared<Job>(*entry.job);
  ++again->attempt;
  if (delay <= Millis(0)) return place({std::move(again)}, true, avoid);
  const std::uint64_t id = again->id;
  auto delayed = std::make_unique<Delayed>(*this, std::move(again));
  home_.timers().set(*delayed, delay);
  delayed_[id] = std::move(delayed);
}

void Topic::die(const Job& job, std::string why) {
  counters_.dead.add();
  if (limits_.dead_letter.empty() || limits_.dead_letter == name_) return;
  const error_code error = queue_.bury(limits_.dead_letter, job, std::move(why));
  static thread_local log::Limiter limiter{std::chrono::seconds(60)};
  if (error && limiter.pass(home_.now()))
    log::warn("queue {}: a job is lost, dead-letter topic {}: {} ({} more like it)", name_,
              limits_.dead_letter, error.message(), limiter.suppressed());
}

void Topic::finish(const Entry& entry) {
  Entry gone = entry;
  unbind(gone);
  items_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(gone.job->data.size(), std::memory_order_relaxed);
}

void Topic::unbind(Entry& entry) {
  if (Binding* binding = std::exchange(entry.binding, nullptr)) --binding->outstanding;
}

void Topic::forget_idle() {
  const SteadyTime now = queue_.options_.now();
  for (const auto& slot : slots_) {
    Bindings& bound = slot->bound;
    while (!bound.empty() && now - bound.front().last_used >= queue_.options_.forget_after) {
      if (bound.front().outstanding > 0) {
        bound.front().last_used = now;
        bound.splice(bound.end(), bound, bound.begin());
      } else {
        bindings_.erase(bound.front().connection);
        bound.pop_front();
      }
    }
  }
}

void Topic::tick() {
  forget_idle();
  show();
  counters_.oldest.set(oldest().count());
  const std::uint64_t refused = refused_.load(std::memory_order_relaxed);
  counters_.refused.add(refused - std::exchange(refused_shown_, refused));
  home_.timers().set(tick_timer_, kTickInterval);
}

void Topic::show() {
  counters_.items.set(static_cast<std::int64_t>(items()));
  counters_.bytes.set(static_cast<std::int64_t>(bytes_.load(std::memory_order_relaxed)));
  counters_.unacked.set(static_cast<std::int64_t>(unacked()));
  counters_.consumers.set(static_cast<std::int64_t>(slots_.size()));
}

std::size_t Topic::unacked() const {
  std::size_t count = 0;
  for (const auto& slot : slots_) count += slot->unacked.size();
  return count;
}

Millis Topic::oldest() const {
  const Job* first = nullptr;
  const auto consider = [&](const JobPtr& job) {
    if (!first || job->id < first->id) first = job.get();
  };
  if (!waiting_.empty()) consider(waiting_.front().job);
  if (!delayed_.empty()) consider(delayed_.begin()->second->job);
  for (const auto& slot : slots_) {
    if (!slot->line.empty()) consider(slot->line.front().job);
    if (!slot->handed.empty()) consider(slot->handed.front().job);
    if (!slot->unacked.empty()) consider(slot->unacked.begin()->second->entry.job);
  }
  if (!first) return Millis(0);
  return std::chrono::duration_cast<Millis>(queue_.options_.now() - first->pushed_at);
}

TopicStatus Topic::status() const {
  TopicStatus status;
  status.name = name_;
  status.items = items();
  status.bytes = bytes_.load(std::memory_order_relaxed);
  status.unacked = unacked();
  status.consumers = slots_.size();
  status.pushed = counters_.pushed.value();
  status.delivered = counters_.delivered.value();
  status.acked = counters_.acked.value();
  status.redelivered = counters_.redelivered.value();
  status.dead = counters_.dead.value();
  status.refused = refused_.load(std::memory_order_relaxed);
  status.oldest = oldest();
  return status;
}

}  // namespace weft::queue
