// Bookkeeping: what became of the jobs that consumers were given (taken, acknowledged, tried again,
// dead), and what is to be told of the topic.
#include <algorithm>
#include <ranges>

#include "base/log.hpp"
#include "queue/memory_queue.hpp"
#include "queue/topic.hpp"
#include "queue/topic_slot.hpp"

namespace weft::queue {
namespace {

constexpr Millis kTickInterval{1000};

}  // namespace

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

// --- attempts ---

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

// --- what is told ---

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
