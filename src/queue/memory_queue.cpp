#include "queue/memory_queue.hpp"

#include <bit>
#include <functional>

#include "base/check.hpp"
#include "queue/feeds.hpp"
#include "queue/topic.hpp"

namespace weft::queue {
namespace {

constexpr std::size_t kMaxTopics = 4096;  // 12 bits of a job id
constexpr unsigned kLoopBits = 6;         // of a consumer id
constexpr std::size_t kMaxName = 255;

bool is_topic_name(std::string_view name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !name.empty() && name.size() <= kMaxName && std::ranges::none_of(name, is_control);
}

}  // namespace

/// Waits by looking: draining is rare and short.
struct Drain {
  void look() {
    if (left <= Millis(0) || is_empty()) return std::exchange(done, nullptr)();
    left -= net::TimerWheel::kTick;
    loop.timers().set(timer, Millis(0));
  }
  net::Loop& loop;
  Millis left;
  std::function<bool()> is_empty;
  std::function<void()> done;
  net::CallbackTimer timer{[this] { look(); }};
};

MemoryQueue::MemoryQueue(std::vector<net::Loop*> loops, metrics::Registry& metrics,
                         MemoryQueueOptions options)
    : loops_(std::move(loops)),
      metrics_(metrics),
      options_(std::move(options)),
      table_(std::bit_ceil(2 * std::clamp<std::size_t>(options_.max_topics, 1, kMaxTopics))),
      by_number_(std::clamp<std::size_t>(options_.max_topics, 1, kMaxTopics)) {
  check(!loops_.empty() && loops_.size() <= 1u << kLoopBits, "a queue needs 1 to 64 loops");
  for (net::Loop* loop : loops_) feeds_.push_back(std::make_unique<Feeds>(*loop));
}

MemoryQueue::~MemoryQueue() = default;

Topic* MemoryQueue::find(std::string_view name) const {
  for (std::size_t at = std::hash<std::string_view>{}(name);; ++at) {
    Topic* topic = table_[at & (table_.size() - 1)].load(std::memory_order_acquire);
    if (!topic || topic->name() == name) return topic;
  }
}

Result<Topic*> MemoryQueue::find_or_create(std::string_view name, const TopicLimits& limits) {
  if (Topic* topic = find(name)) return topic;
  if (!is_topic_name(name)) return QueueErrc::bad_topic_name;
  const std::lock_guard lock(creating_);
  if (Topic* topic = find(name)) return topic;
  if (topics_.size() >= by_number_.size()) return QueueErrc::too_many_topics;
  const std::size_t hash = std::hash<std::string_view>{}(name);
  Topic* topic = topics_
                     .emplace_back(std::make_unique<Topic>(
                         *this, static_cast<unsigned>(topics_.size()), std::string(name),
                         *loops_[hash % loops_.size()], limits))
                     .get();
  topic->home().post([topic] { topic->start(); });
  by_number_[topic->number()].store(topic, std::memory_order_release);
  std::size_t at = hash;
  while (table_[at & (table_.size() - 1)].load(std::memory_order_relaxed)) ++at;
  table_[at & (table_.size() - 1)].store(topic, std::memory_order_release);
  return topic;
}

error_code MemoryQueue::create(std::string_view name, TopicLimits limits) {
  if (Topic* topic = find(name)) {
    topic->set_limits(std::move(limits));
    return {};
  }
  const auto made = find_or_create(name, limits);
  return made ? error_code{} : made.error();
}

Result<std::size_t> MemoryQueue::push(std::string_view name, ConnectionId from, SharedBytes data) {
  if (stopped_.load(std::memory_order_relaxed)) return QueueErrc::stopped;
  Topic* topic = find(name);
  if (!topic) return QueueErrc::no_such_topic;
  return topic->push(from, std::move(data));
}

ConsumerId MemoryQueue::consume(net::Loop& loop, std::weak_ptr<Consumer> consumer,
                                std::vector<std::string> names, ConsumeOptions options,
                                std::function<void(error_code)> done) {
  check(loop.index() < loops_.size() && loops_[loop.index()] == &loop,
        "consumers live on the queue's own loops");
  const ConsumerId id =
      (last_consumer_.fetch_add(1, std::memory_order_relaxed) + 1) << kLoopBits | loop.index();
  std::vector<Topic*> topics;
  error_code error;
  for (const std::string& name : names) {
    const auto topic = find_or_create(name, options_.defaults);
    if (!topic)
      error = topic.error();
    else if (std::ranges::find(topics, *topic) == topics.end())
      topics.push_back(*topic);
  }
  options.prefetch = std::max<std::size_t>(options.prefetch, 1);
  Feeds& feeds = *feeds_[loop.index()];
  loop.post([&feeds, id, error, options, consumer = std::move(consumer), topics = std::move(topics),
             done = std::move(done)]() mutable {
    if (done) done(error);
    if (!error) feeds.open(id, std::move(consumer), std::move(topics), options);
  });
  return id;
}

Feeds& MemoryQueue::feeds_of(ConsumerId consumer) {
  const std::size_t loop = consumer & ((1u << kLoopBits) - 1);
  check(loop < feeds_.size(), "a consumer id names its loop");
  return *feeds_[loop];
}

void MemoryQueue::leave(ConsumerId consumer) {
  Feeds& feeds = feeds_of(consumer);
  if (feeds.loop().in_this_thread()) feeds.silence(consumer);
  feeds.loop().post([&feeds, consumer] { feeds.close(consumer); });
}

void MemoryQueue::resume(ConsumerId consumer) {
  Feeds& feeds = feeds_of(consumer);
  feeds.loop().post([&feeds, consumer] { feeds.resume(consumer); });
}

Topic* MemoryQueue::topic_of(std::uint64_t job) const {
  const std::size_t number = job & (kMaxTopics - 1);
  return number < by_number_.size() ? by_number_[number].load(std::memory_order_acquire) : nullptr;
}

void MemoryQueue::settle(net::Loop& from, ConsumerId consumer, Settlement settlement) {
  Topic* topic = topic_of(settlement.job);
  if (!topic) {
    if (settlement.done)
      from.post([done = std::move(settlement.done)] { done(QueueErrc::no_such_job); });
    return;
  }
  Feeds& feeds = feeds_of(consumer);
  feeds.loop().dispatch([&feeds, consumer, topic, settlement = std::move(settlement)]() mutable {
    feeds.settle(consumer, topic, std::move(settlement));
  });
}

void MemoryQueue::ack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                      std::function<void(error_code)> done) {
  settle(from, consumer, {job, {}, std::move(done)});
}

void MemoryQueue::nack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                       std::chrono::milliseconds delay, std::function<void(error_code)> done) {
  settle(from, consumer, {job, delay, std::move(done)});
}

error_code MemoryQueue::bury(std::string_view dead_letter, const Job& job, std::string why) {
  const auto topic = find_or_create(dead_letter, options_.defaults);
  if (!topic) return topic.error();
  auto death = std::make_shared<const Death>(Death{job.topic, std::move(why), job.id});
  const auto pushed = (*topic)->push(job.connection, job.data, std::move(death));
  return pushed ? error_code{} : pushed.error();
}

std::vector<Topic*> MemoryQueue::all_topics() const {
  std::vector<Topic*> topics;
  for (const auto& each : by_number_)
    if (Topic* topic = each.load(std::memory_order_acquire)) topics.push_back(topic);
  return topics;
}

void MemoryQueue::status(net::Loop& from, std::function<void(std::vector<TopicStatus>)> done) {
  struct Gathered {
    std::vector<TopicStatus> found;
    std::size_t missing;
    std::function<void(std::vector<TopicStatus>)> done;
  };
  const std::vector<Topic*> topics = all_topics();
  auto gathered = std::make_shared<Gathered>(Gathered{{}, topics.size(), std::move(done)});
  if (topics.empty()) return from.post([gathered] { gathered->done({}); });
  for (Topic* topic : topics) {
    topic->home().post([topic, gathered, &from] {
      from.post([gathered, status = topic->status()]() mutable {
        gathered->found.push_back(std::move(status));
        if (--gathered->missing > 0) return;
        std::ranges::sort(gathered->found, {}, &TopicStatus::name);
        gathered->done(std::move(gathered->found));
      });
    });
  }
}

void MemoryQueue::drain(net::Loop& from, std::chrono::milliseconds deadline,
                        std::function<void()> done) {
  const auto is_empty = [this] {
    return std::ranges::all_of(
        all_topics(), [](Topic* topic) { return topic->items() == 0 || !topic->has_consumers(); });
  };
  const std::shared_ptr<Drain> drain(new Drain{from, deadline, is_empty, std::move(done)});
  const std::lock_guard lock(creating_);
  drains_.push_back(drain);
  from.post([drain] { drain->look(); });
}

}  // namespace weft::queue
