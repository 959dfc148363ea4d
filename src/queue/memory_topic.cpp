#include "queue/memory_topic.hpp"

#include "base/log.hpp"
#include "queue/job_number.hpp"
#include "queue/topic_slot.hpp"

namespace weft::queue {

MemoryTopic::MemoryTopic(const TopicRules& rules, unsigned number, std::string name,
                         net::Loop& home, TopicLimits limits, std::atomic<std::uint64_t>& last_job,
                         Bury bury)
    : Topic(rules, number, std::move(name), home, limits),
      last_job_(last_job),
      bury_(std::move(bury)),
      max_items_(limits.max_items),
      max_bytes_(limits.max_bytes) {}

MemoryTopic::~MemoryTopic() {
  for (Arrival* arrival = inbox_.load(); arrival;) delete std::exchange(arrival, arrival->next);
}

// --- any thread ---

Result<std::size_t> MemoryTopic::push(ConnectionId from, SharedBytes data,
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
  job->id = (last_job_.fetch_add(1, std::memory_order_relaxed) + 1) << kTopicBits | number();
  job->connection = from;
  job->topic = name();
  job->data = std::move(data);
  job->pushed_at = rules_.now();
  job->death = std::move(death);

  Arrival* below = inbox_.load(std::memory_order_relaxed);
  auto* arrival = new Arrival{std::move(job), below};
  while (!inbox_.compare_exchange_weak(below, arrival, std::memory_order_acq_rel,
                                       std::memory_order_relaxed)) {
    arrival->next = below;
  }
  // The arrival is the home loop's now. Only the push that found the inbox empty wakes that loop:
  // one wake-up for many jobs.
  if (!below) home().post([this] { take_inbox(); });
  return depth;
}

void MemoryTopic::push_later(net::Loop& loop, ConnectionId from, SharedBytes data,
                             std::shared_ptr<const Death> death, Pushed done) {
  auto pushed = push(from, std::move(data), std::move(death));
  if (done) loop.post([done = std::move(done), pushed = std::move(pushed)] { done(pushed); });
}

void MemoryTopic::set_limits(TopicLimits limits) {
  max_items_.store(limits.max_items, std::memory_order_relaxed);
  max_bytes_.store(limits.max_bytes, std::memory_order_relaxed);
  Topic::set_limits(std::move(limits));
}

// --- home loop ---

void MemoryTopic::take_inbox() {
  Arrival* newest = inbox_.exchange(nullptr, std::memory_order_acq_rel);
  Arrival* oldest = nullptr;
  while (newest) oldest = std::exchange(newest, std::exchange(newest->next, oldest));
  while (oldest) {
    const std::unique_ptr<Arrival> arrival(std::exchange(oldest, oldest->next));
    counters_.pushed.add();
    add(std::move(arrival->job));
  }
  deal();
}

void MemoryTopic::leave_room(const Job& job) {
  items_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(job.data.size(), std::memory_order_relaxed);
}

void MemoryTopic::died(const JobPtr& job, std::string why) {
  leave_room(*job);
  if (limits_.dead_letter.empty() || limits_.dead_letter == name()) return;
  bury_(limits_.dead_letter, *job, std::move(why),
        [this, dead_letter = limits_.dead_letter](const Result<std::size_t>& buried) {
          static thread_local log::Limiter limiter{std::chrono::seconds(60)};
          if (!buried && limiter.pass(home_.now()))
            log::warn("queue {}: a job is lost, dead-letter topic {}: {} ({} more like it)", name(),
                      dead_letter, buried.error().message(), limiter.suppressed());
        });
}

void MemoryTopic::count() {
  counters_.items.set(static_cast<std::int64_t>(items()));
  counters_.bytes.set(static_cast<std::int64_t>(bytes_.load(std::memory_order_relaxed)));
}

void MemoryTopic::on_tick() {
  counters_.oldest.set(oldest().count());
  const std::uint64_t refused = refused_.load(std::memory_order_relaxed);
  counters_.refused.add(refused - std::exchange(refused_shown_, refused));
}

// --- for people ---

void MemoryTopic::status(std::function<void(TopicStatus)> done) {
  TopicStatus status = counted();
  status.items = items();
  status.bytes = bytes_.load(std::memory_order_relaxed);
  status.refused = refused_.load(std::memory_order_relaxed);
  status.oldest = oldest();
  done(std::move(status));
}

void MemoryTopic::peek(std::size_t limit, std::function<void(Result<std::vector<Job>>)> done) {
  std::vector<Job> jobs;
  each_unseen([&](const JobPtr& job) {
    if (jobs.size() < limit) jobs.push_back(*job);
  });
  done(std::move(jobs));
}

template <class Meant>
std::size_t MemoryTopic::drop(Meant is_meant) {
  std::vector<JobPtr> dropped = take_back(is_meant);
  std::ranges::move(take_resting(is_meant), std::back_inserter(dropped));
  for (const JobPtr& job : dropped) leave_room(*job);
  deal();
  return dropped.size();
}

void MemoryTopic::remove(std::vector<std::uint64_t> jobs,
                         std::function<void(Result<std::size_t>)> done) {
  std::ranges::sort(jobs);
  done(drop([&](const Job& job) { return std::ranges::binary_search(jobs, job.id); }));
}

void MemoryTopic::purge(std::function<void(Result<std::size_t>)> done) {
  done(drop([](const Job&) { return true; }));
}

}  // namespace weft::queue
