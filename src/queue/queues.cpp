#include "queue/queues.hpp"

#include <bit>
#include <functional>

#include "base/check.hpp"
#include "queue/feeds.hpp"
#include "queue/job_number.hpp"
#include "queue/log_topic.hpp"
#include "queue/memory_topic.hpp"
#include "queue/retrying.hpp"

namespace weft::queue {
namespace {

constexpr unsigned kLoopBits = 6;  // of a consumer id
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

Queues::Queues(std::vector<net::Loop*> loops, metrics::Registry& metrics, QueuesOptions options)
    : loops_(std::move(loops)),
      options_(std::move(options)),
      rules_{metrics, options_.now, options_.forget_after},
      table_(std::bit_ceil(2 * std::clamp<std::size_t>(options_.max_topics, 1, kMaxTopics))),
      by_number_(kMaxTopics) {
  check(!loops_.empty() && loops_.size() <= 1u << kLoopBits, "a queue needs 1 to 64 loops");
  for (net::Loop* loop : loops_) feeds_.push_back(std::make_unique<Feeds>(*loop));
}

Queues::~Queues() = default;

Topic* Queues::find(std::string_view name) const {
  for (std::size_t at = std::hash<std::string_view>{}(name);; ++at) {
    Topic* topic = table_[at & (table_.size() - 1)].load(std::memory_order_acquire);
    if (!topic || topic->name() == name) return topic;
  }
}

Result<Topic*> Queues::find_or_create(std::string_view name, const TopicLimits& limits) {
  if (Topic* topic = find(name)) return topic;
  return add(name, [&](unsigned number, net::Loop& home) {
    const Bury bury_it = [this, &home](const std::string& topic, const Job& job, std::string why,
                                       Pushed done) {
      bury(topic, home, job, std::move(why), std::move(done));
    };
    return std::make_unique<MemoryTopic>(rules_, number, std::string(name), home, limits, last_job_,
                                         bury_it);
  });
}

Result<Topic*> Queues::add(std::string_view name, const Make& make) {
  if (!is_topic_name(name)) return QueueErrc::bad_topic_name;
  const std::lock_guard lock(creating_);
  if (Topic* topic = find(name)) return topic;
  if (topics_.size() >= std::min(options_.max_topics, kMaxTopics))
    return QueueErrc::too_many_topics;
  unsigned number = first_number(name);
  while (by_number_[number].load(std::memory_order_relaxed)) number = (number + 1) % kMaxTopics;
  const std::size_t hash = std::hash<std::string_view>{}(name);
  Topic* topic = topics_.emplace_back(make(number, *loops_[hash % loops_.size()])).get();
  topic->home().post([topic] { topic->start(); });
  by_number_[number].store(topic, std::memory_order_release);
  std::size_t at = hash;
  while (table_[at & (table_.size() - 1)].load(std::memory_order_relaxed)) ++at;
  table_[at & (table_.size() - 1)].store(topic, std::memory_order_release);
  return topic;
}

error_code Queues::create(std::string_view name, TopicLimits limits) {
  if (Topic* topic = find(name)) {
    topic->set_limits(std::move(limits));
    return {};
  }
  const auto made = find_or_create(name, limits);
  return made ? error_code{} : made.error();
}

error_code Queues::create_log(LogOptions options, TopicLimits limits, OpenLog open) {
  if (find(options.topic)) return QueueErrc::bad_topic_name;
  options.max_items = limits.max_items;
  options.max_bytes = limits.max_bytes;
  const std::string name = options.topic;
  const auto made = add(name, [&](unsigned number, net::Loop& home) {
    const Bury bury_it = [this, &home](const std::string& topic, const Job& job, std::string why,
                                       Pushed done) {
      bury(topic, home, job, std::move(why), std::move(done));
    };
    return std::make_unique<LogTopic>(rules_, number, home, limits, std::move(options),
                                      std::move(open), bury_it);
  });
  return made ? error_code{} : made.error();
}

std::optional<Result<std::size_t>> Queues::push_now(std::string_view name, ConnectionId from,
                                                    SharedBytes& data) {
  using Depth = Result<std::size_t>;
  if (stopped_.load(std::memory_order_relaxed)) return Depth(QueueErrc::stopped);
  Topic* topic = find(name);
  if (!topic) return Depth(QueueErrc::no_such_topic);
  return topic->push_now(from, data);
}

void Queues::push_later(net::Loop& loop, std::string_view name, ConnectionId from, SharedBytes data,
                        Pushed done) {
  const bool stopped = stopped_.load(std::memory_order_relaxed);
  Topic* const topic = stopped ? nullptr : find(name);
  if (topic) return topic->push_later(loop, from, std::move(data), {}, std::move(done));
  const auto error = stopped ? QueueErrc::stopped : QueueErrc::no_such_topic;
  if (done) loop.post([done = std::move(done), error] { done(error); });
}

bool Queues::waits(std::string_view name) const {
  const Topic* const topic = find(name);
  return topic && topic->waits();
}

ConsumerId Queues::consume(net::Loop& loop, std::weak_ptr<Consumer> consumer,
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

Feeds& Queues::feeds_of(ConsumerId consumer) {
  const std::size_t loop = consumer & ((1u << kLoopBits) - 1);
  check(loop < feeds_.size(), "a consumer id names its loop");
  return *feeds_[loop];
}

void Queues::leave(ConsumerId consumer) {
  Feeds& feeds = feeds_of(consumer);
  if (feeds.loop().in_this_thread()) feeds.silence(consumer);
  feeds.loop().post([&feeds, consumer] { feeds.close(consumer); });
}

void Queues::resume(ConsumerId consumer) {
  Feeds& feeds = feeds_of(consumer);
  feeds.loop().post([&feeds, consumer] { feeds.resume(consumer); });
}

Topic* Queues::topic_of(std::uint64_t job) const {
  const std::size_t number = job & (kMaxTopics - 1);
  return number < by_number_.size() ? by_number_[number].load(std::memory_order_acquire) : nullptr;
}

void Queues::settle(net::Loop& from, ConsumerId consumer, Settlement settlement) {
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

void Queues::ack(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                 std::function<void(error_code)> done) {
  settle(from, consumer, {job, Settlement::Kind::done, {}, std::move(done)});
}

void Queues::working(net::Loop& from, ConsumerId consumer, std::uint64_t job,
                     std::function<void(error_code)> done) {
  settle(from, consumer, {job, Settlement::Kind::working, {}, std::move(done)});
}

void Queues::nack(net::Loop& from, ConsumerId consumer, std::uint64_t job, Failure failure,
                  std::function<void(error_code)> done) {
  settle(from, consumer, {job, Settlement::Kind::failed, std::move(failure), std::move(done)});
}

void Queues::bury(const std::string& dead_letter, net::Loop& loop, const Job& job, std::string why,
                  Pushed done) {
  const auto topic = find_or_create(dead_letter, options_.defaults);
  if (!topic) return done(topic.error());
  auto death = std::make_shared<const Death>(Death{job.topic, std::move(why), job.id});
  (*topic)->push_later(loop, job.connection, job.data, std::move(death), std::move(done));
}

std::vector<Topic*> Queues::all_topics() const {
  std::vector<Topic*> topics;
  for (const auto& each : by_number_)
    if (Topic* topic = each.load(std::memory_order_acquire)) topics.push_back(topic);
  return topics;
}

bool Queues::is_ready() const { return std::ranges::all_of(all_topics(), &Topic::is_ready); }

void Queues::status(net::Loop& from, std::function<void(std::vector<TopicStatus>)> done) {
  struct Gathered {
    std::vector<TopicStatus> found;
    std::size_t missing;
    std::function<void(std::vector<TopicStatus>)> done;
  };
  const std::vector<Topic*> topics = all_topics();
  auto gathered = std::make_shared<Gathered>(Gathered{{}, topics.size(), std::move(done)});
  if (topics.empty()) return from.post([gathered] { gathered->done({}); });
  for (Topic* topic : topics) {
    const auto take = [gathered, &from](TopicStatus status) {
      from.post([gathered, status = std::move(status)]() mutable {
        gathered->found.push_back(std::move(status));
        if (--gathered->missing > 0) return;
        std::ranges::sort(gathered->found, {}, &TopicStatus::name);
        gathered->done(std::move(gathered->found));
      });
    };
    topic->home().post([topic, take] { topic->status(take); });
  }
}

namespace {

/// `done` brought to the loop of who asked.
template <class Value>
auto at_loop(net::Loop& loop, std::function<void(Result<Value>)> done) {
  return [&loop, done = std::move(done)](Result<Value> result) mutable {
    loop.post([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  };
}

}  // namespace

void Queues::peek(net::Loop& from, std::string_view name, std::size_t limit,
                  std::function<void(Result<std::vector<Job>>)> done) {
  auto answer = at_loop<std::vector<Job>>(from, std::move(done));
  Topic* const topic = find(name);
  if (!topic) return answer(QueueErrc::no_such_topic);
  topic->home().post([topic, limit, answer = std::move(answer)]() mutable {
    topic->peek(limit, std::move(answer));
  });
}

void Queues::retry(net::Loop& from, std::string_view name, std::size_t limit,
                   std::function<void(Result<std::size_t>)> done) {
  auto answer = at_loop<std::size_t>(from, std::move(done));
  Topic* const topic = find(name);
  if (!topic) return answer(QueueErrc::no_such_topic);
  const auto find_topic = [this](const std::string& other) { return find(other); };
  topic->home().post([topic, limit, find_topic, answer = std::move(answer)]() mutable {
    Retrying::start(*topic, limit, find_topic, std::move(answer));
  });
}

void Queues::purge(net::Loop& from, std::string_view name,
                   std::function<void(Result<std::size_t>)> done) {
  auto answer = at_loop<std::size_t>(from, std::move(done));
  Topic* const topic = find(name);
  if (!topic) return answer(QueueErrc::no_such_topic);
  topic->home().post(
      [topic, answer = std::move(answer)]() mutable { topic->purge(std::move(answer)); });
}

void Queues::close(net::Loop& from, std::function<void()> done) {
  const std::vector<Topic*> topics = all_topics();
  const auto left = std::make_shared<std::size_t>(topics.size() + 1);
  const auto shared = std::make_shared<std::function<void()>>(std::move(done));
  const auto one_less = [left, shared, &from] {
    from.post([left, shared] {
      if (--*left == 0) (*shared)();
    });
  };
  for (Topic* topic : topics) topic->home().post([topic, one_less] { topic->stop(one_less); });
  one_less();
}

void Queues::drain(net::Loop& from, std::chrono::milliseconds deadline,
                   std::function<void()> done) {
  for (Topic* topic : all_topics()) topic->home().post([topic] { topic->begin_drain(); });
  const auto is_empty = [this] {
    return std::ranges::all_of(all_topics(), [](Topic* topic) { return topic->is_drained(); });
  };
  const std::shared_ptr<Drain> drain(new Drain{from, deadline, is_empty, std::move(done)});
  const std::lock_guard lock(creating_);
  drains_.push_back(drain);
  from.post([drain] { drain->look(); });
}

}  // namespace weft::queue
