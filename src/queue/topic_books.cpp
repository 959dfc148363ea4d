// Bookkeeping: what became of the jobs that consumers were given (taken, acknowledged, tried again,
// dead), and what is to be told of the topic.
#include <algorithm>
#include <ranges>

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
        found == slots_.end() ? QueueErrc::no_such_job : settle(**found, settlement, from.loop());
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
  if (entry.revoked) return unbind(entry);
  if (!is_ours(*entry.job)) {
    unbind(entry);
    return turn_is_over(*entry.job);
  }
  counters_.delivered.add();
  if (entry.job->attempt > 1) counters_.redelivered.add();
  if (!slot.options.ack) {
    Done nobody;
    unbind(entry);
    gone(*entry.job, nullptr, nobody);
    return turn_is_over(*entry.job);
  }
  const std::uint64_t job = entry.job->id;
  auto unacked = std::make_unique<Unacked>(*this, slot, std::move(entry));
  home_.timers().set(*unacked, limits_.ack_timeout);
  slot.unacked[job] = std::move(unacked);
}

error_code Topic::settle(Slot& slot, Settlement& settlement, net::Loop& from) {
  const auto found = slot.unacked.find(settlement.job);
  if (found == slot.unacked.end()) return QueueErrc::no_such_job;
  if (settlement.kind == Settlement::Kind::working) {
    home_.timers().set(*found->second, limits_.ack_timeout);
    return {};
  }
  Entry entry = std::move(found->second->entry);
  slot.unacked.erase(found);
  if (settlement.kind == Settlement::Kind::failed) {
    failed(std::move(entry), settlement, from);
  } else {
    counters_.acked.add();
    unbind(entry);
    gone(*entry.job, &from, settlement.done);
    turn_is_over(*entry.job);
  }
  return {};
}

void Topic::failed(Entry entry, Settlement& settlement, net::Loop& from) {
  const Failure& failure = settlement.failure;
  std::string why = failure.is_final ? "its consumer gave it up" : "its consumer refused it (nack)";
  if (!failure.why.empty()) why += ": " + failure.why;
  if (failure.is_final) {
    unbind(entry);
    return bury(entry.job, why);
  }
  if (failure.delay <= Millis(0)) return retry(std::move(entry), why, nullptr);
  JobPtr job = next_attempt(std::move(entry), why, nullptr);
  if (!job) return;
  rests(*job, failure.delay, from, settlement.done);
  rest(std::move(job), failure.delay);
}

void Topic::expired(Unacked& unacked) {
  Slot& slot = unacked.slot;
  Entry entry = std::move(unacked.entry);
  slot.unacked.erase(entry.job->id);
  retry(std::move(entry), "it was not acknowledged in time", &slot);
  deal();
}

void Topic::woken(Delayed& delayed) {
  JobPtr job = std::move(delayed.job);
  delayed_.erase(job->id);
  tried_again(*job);
  place(Entry{std::move(job)}, true);
  deal();
}

/// The attempt failed: gives the next one, or null when that was the last. `avoid`: a consumer that
/// seems stuck; its connections move on to another one as soon as it has nothing else of theirs.
JobPtr Topic::next_attempt(Entry entry, std::string_view why, const Slot* avoid) {
  Binding* binding = entry.binding;
  unbind(entry);
  if (entry.job->attempt >= limits_.max_attempts) {
    bury(entry.job, why);
    return nullptr;
  }
  if (avoid && binding && binding->outstanding == 0 && slots_.size() > 1) {
    const auto found = bindings_.find(binding->connection);
    binding->slot->bound.erase(found->second);
    bindings_.erase(found);
  }
  auto again = std::make_shared<Job>(*entry.job);
  ++again->attempt;
  return again;
}

void Topic::retry(Entry entry, std::string_view why, const Slot* avoid) {
  JobPtr again = next_attempt(std::move(entry), why, avoid);
  if (!again) return;
  tried_again(*again);
  place({std::move(again)}, true, avoid);
}

void Topic::rest(JobPtr job, Millis delay) {
  const std::uint64_t id = job->id;
  auto delayed = std::make_unique<Delayed>(*this, std::move(job));
  home_.timers().set(*delayed, delay);
  delayed_[id] = std::move(delayed);
}

void Topic::bury(const JobPtr& job, std::string_view why) {
  counters_.dead.add();
  died(job, fmt::format("{}, attempt {}", why, job->attempt));
  turn_is_over(*job);
}

void Topic::unbind(Entry& entry) {
  if (Binding* binding = std::exchange(entry.binding, nullptr)) --binding->outstanding;
}

// --- what is told ---

void Topic::forget_idle() {
  const SteadyTime now = rules_.now();
  for (const auto& slot : slots_) {
    Bindings& bound = slot->bound;
    while (!bound.empty() && now - bound.front().last_used >= rules_.forget_after) {
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
  on_tick();
  home_.timers().set(tick_timer_, kTickInterval);
}

void Topic::show() {
  count();
  counters_.unacked.set(static_cast<std::int64_t>(unacked()));
  counters_.consumers.set(static_cast<std::int64_t>(slots_.size()));
}

std::size_t Topic::unacked() const {
  std::size_t count = 0;
  for (const auto& slot : slots_) count += slot->unacked.size();
  return count;
}

std::size_t Topic::window() const {
  std::size_t all = 0;
  for (const auto& slot : slots_) all += slot->options.ack ? slot->options.prefetch : Slot::kWindow;
  return all;
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
  return std::chrono::duration_cast<Millis>(rules_.now() - first->pushed_at);
}

TopicStatus Topic::counted() const {
  TopicStatus status;
  status.name = name_;
  status.unacked = unacked();
  status.consumers = slots_.size();
  status.pushed = counters_.pushed.value();
  status.delivered = counters_.delivered.value();
  status.acked = counters_.acked.value();
  status.redelivered = counters_.redelivered.value();
  status.dead = counters_.dead.value();
  status.refused = counters_.refused.value();
  status.oldest = oldest();
  return status;
}

}  // namespace weft::queue
