#include "queue/log_topic.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "base/check.hpp"
#include "base/log.hpp"
#include "queue/job_number.hpp"
#include "queue/topic_slot.hpp"

namespace weft::queue {
namespace {

constexpr unsigned kPartitionBits = 6;  // of a job's id, above those of its topic
constexpr unsigned kStatusTicks = 10;   // between two questions for the gauges
constexpr Millis kQuiet{1'500};         // then it is asked whether it is there
constexpr unsigned kAhead = 2;          // windows that are read before consumers have room
constexpr std::size_t kBehind = 1'000;  // jobs that wait for their turn, and hold up nobody else

}  // namespace

LogTopic::LogTopic(const TopicRules& rules, unsigned number, net::Loop& home, TopicLimits limits,
                   LogOptions options, OpenLog open, Bury bury)
    : Topic(rules, number, options.topic, home, std::move(limits)),
      options_(std::move(options)),
      open_(std::move(open)),
      bury_(std::move(bury)),
      up_(rules.metrics.gauge("weft_queue_up", "1 = a topic's server or file answers",
                              "topic=\"" + metrics::escape_label(name()) + "\"")) {
  check(options_.partitions >= 1 && options_.partitions <= 1u << kPartitionBits,
        "a log has 1 to 64 partitions");
}

LogTopic::~LogTopic() {
  *alive_ = nullptr;
  if (writer_) writer_->stop();
  if (pump_) pump_->detach();
}

std::uint64_t LogTopic::id_of(LogPlace place) const {
  return (place.sequence << kPartitionBits | place.partition) << kTopicBits | number();
}

LogPlace LogTopic::place_of(std::uint64_t job) {
  const std::uint64_t above = job >> kTopicBits;
  return {static_cast<unsigned>(above & ((1u << kPartitionBits) - 1)), above >> kPartitionBits};
}

Job LogTopic::job_of(LogEntry entry) const {
  Job job;
  job.id = id_of(entry.place);
  job.connection = entry.connection;
  job.topic = name();
  job.data = std::move(entry.data);
  job.pushed_at = rules_.now() - entry.age;
  job.attempt = entry.attempt;
  job.death = std::move(entry.death);
  return job;
}

template <class Value, class Then>
void LogTopic::ask(Task<Result<Value>> task, Then then) {
  boost::asio::co_spawn(home().context(), std::move(task),
                        [alive = alive_, log = log_, then = std::move(then)](
                            std::exception_ptr, Result<Value> result) mutable {
                          if (*alive) then(std::move(result));
                        });
}

// --- beginning and end ---

void LogTopic::start() {
  const auto on_change = [alive = alive_](bool is_up) {
    if (*alive) (*alive)->answers(is_up);
  };
  log_ = std::make_shared<HeardLog>(open_(home(), options_), on_change);
  writer_ = std::make_shared<LogWriter>(home(), log_, options_);
  pump_ = std::make_shared<LogPump>(home(), log_, options_);
  pump_->start(*this);
  Topic::start();
}

void LogTopic::answers(bool is_up) {
  is_up_.store(is_up, std::memory_order_relaxed);
  up_.set(is_up ? 1 : 0);
  if (!is_up) log::warn("queue {}: nobody answers where its jobs are", name());
  if (is_up && was_down_) log::info("queue {}: its jobs are there again", name());
  was_down_ = !is_up;
}

void LogTopic::begin_drain() { pump_->begin_drain(); }

bool LogTopic::is_drained() const {
  return arriving_.load(std::memory_order_relaxed) == 0 && (!writer_ || writer_->waiting() == 0) &&
         (!pump_ || pump_->open() == 0);
}

void LogTopic::stop(std::function<void()> done) {
  if (std::exchange(stopped_, true)) return done();
  writer_->stop();
  pump_->stop(std::move(done));
}

void LogTopic::set_limits(TopicLimits limits) {
  home().post([this, items = limits.max_items, bytes = limits.max_bytes] {
    writer_->set_limits(items, bytes);
  });
  Topic::set_limits(std::move(limits));
}

// --- pushing ---

void LogTopic::push_later(net::Loop& loop, ConnectionId from, SharedBytes data,
                          std::shared_ptr<const Death> death, Pushed done) {
  arriving_.fetch_add(1, std::memory_order_relaxed);
  home().dispatch([this, &loop, from, data = std::move(data), death = std::move(death),
                   done = std::move(done)]() mutable {
    writer_->push(loop, from, std::move(data), std::move(death), std::move(done));
    arriving_.fetch_sub(1, std::memory_order_relaxed);
  });
}

// --- dealing ---

void LogTopic::on_entries(std::vector<LogEntry> entries,
                          const std::vector<std::shared_ptr<Lease>>& leases) {
  for (LogEntry& entry : entries) {
    auto job = std::make_shared<Job>(job_of(std::move(entry)));
    job->lease = leases[entry.place.partition];
    if (job->attempt > limits_.max_attempts) {
      counters_.dead.add();
      died(job, fmt::format("its node died with it, attempt {}", --job->attempt));
    } else {
      const bool rests = entry.rest > Millis(0);
      add(std::move(job), rests ? rules_.now() + entry.rest : SteadyTime{});
    }
  }
  deal();
}

std::size_t LogTopic::room() const {
  std::size_t here = waiting_.size();
  if (turns_.waiting() > kBehind) here += turns_.waiting() - kBehind;
  for (const auto& slot : slots_) here += slot->load();
  const std::size_t most = kAhead * window();
  return most > here ? most - here : 0;
}

void LogTopic::dealt() {
  if (pump_) pump_->look();
}

GivenBack LogTopic::take_back_from(unsigned partition) {
  GivenBack back;
  const auto is_meant = [partition](const Job& job) {
    return place_of(job.id).partition == partition;
  };
  for (const JobPtr& job : take_back(is_meant)) back.unseen.push_back(place_of(job->id).sequence);
  back.resting = take_resting(is_meant).size();
  return back;
}

void LogTopic::revoke_from(unsigned partition) {
  revoke([partition](const Job& job) { return place_of(job.id).partition == partition; });
  std::erase_if(unburied_, [partition](const auto& one) {
    return place_of(one.job->id).partition == partition;
  });
}

void LogTopic::gone(const Job& job, net::Loop* from, Done& done) {
  pump_->finish(place_of(job.id), from, std::exchange(done, {}));
}

void LogTopic::tried_again(const Job& job) { pump_->again(place_of(job.id)); }

void LogTopic::rests(const Job& job, Millis delay, net::Loop& from, Done& done) {
  pump_->rest(place_of(job.id), delay, &from, std::exchange(done, {}));
}

/// It leaves this log when it is in the other one. Until then it is tried again, and stays in
/// flight.
void LogTopic::died(const JobPtr& job, std::string why) {
  if (limits_.dead_letter.empty() || limits_.dead_letter == name())
    return pump_->finish(place_of(job->id), nullptr, {});
  bury_(limits_.dead_letter, *job, why,
        [alive = alive_, job, why](const Result<std::size_t>& buried) {
          if (*alive) (*alive)->buried(job, why, buried ? error_code{} : buried.error());
        });
}

void LogTopic::buried(const JobPtr& job, const std::string& why, error_code error) {
  if (!is_ours(*job)) return;
  if (!error) return pump_->finish(place_of(job->id), nullptr, {});
  static thread_local log::Limiter limiter{std::chrono::seconds(60)};
  if (limiter.pass(home().now()))
    log::warn("queue {}: a dead letter waits, topic {}: {} ({} more like it)", name(),
              limits_.dead_letter, error.message(), limiter.suppressed());
  unburied_.push_back({job, why});
}

void LogTopic::on_tick() {
  if (!log_ || stopped_) return;
  counters_.pushed.add(writer_->take_stored());
  counters_.refused.add(writer_->take_refused());
  for (Unburied& one : std::exchange(unburied_, {})) died(one.job, std::move(one.why));
  if (ticks_++ % kStatusTicks == 0) status([](const TopicStatus&) {});
  if (!log_->is_quiet_for(kQuiet) || std::exchange(is_pinging_, true)) return;
  ask(log_->ping(), [this](const Result<void>&) { is_pinging_ = false; });
}

// --- for people ---

void LogTopic::status(std::function<void(TopicStatus)> done) {
  ask(log_->status(), [this, done = std::move(done)](const Result<LogStatus>& seen) {
    if (seen) last_seen_ = *seen;
    counters_.items.set(static_cast<std::int64_t>(last_seen_.items));
    counters_.bytes.set(static_cast<std::int64_t>(last_seen_.bytes));
    counters_.oldest.set(last_seen_.oldest.count());
    counters_.pushed.add(writer_->take_stored());
    counters_.refused.add(writer_->take_refused());
    TopicStatus status = counted();
    status.items = last_seen_.items;
    status.bytes = last_seen_.bytes;
    status.unacked = last_seen_.in_flight;
    status.oldest = last_seen_.oldest;
    status.is_up = is_up();
    done(std::move(status));
  });
}

void LogTopic::peek(std::size_t limit, std::function<void(Result<std::vector<Job>>)> done) {
  ask(log_->peek(limit), [this, done = std::move(done)](Result<std::vector<LogEntry>> entries) {
    if (!entries) return done(entries.error());
    std::vector<Job> jobs;
    for (LogEntry& entry : *entries) jobs.push_back(job_of(std::move(entry)));
    done(std::move(jobs));
  });
}

void LogTopic::remove(std::vector<std::uint64_t> jobs,
                      std::function<void(Result<std::size_t>)> done) {
  std::vector<LogPlace> places;
  for (const std::uint64_t job : jobs) places.push_back(place_of(job));
  ask(log_->remove(std::move(places)),
      [this, jobs = std::move(jobs), done = std::move(done)](Result<std::size_t> removed) {
        if (removed) forget(jobs);
        done(removed);
      });
}

/// They are gone from the log: nobody gets them of this node either. (Another one that has read
/// them ahead still deals them.)
void LogTopic::forget(std::vector<std::uint64_t> jobs) {
  std::ranges::sort(jobs);
  const auto is_meant = [&](const Job& job) { return std::ranges::binary_search(jobs, job.id); };
  for (const JobPtr& job : take_back(is_meant)) pump_->drop(place_of(job->id));
  for (const JobPtr& job : take_resting(is_meant)) pump_->drop(place_of(job->id));
  deal();
}

void LogTopic::purge(std::function<void(Result<std::size_t>)> done) {
  std::vector<std::uint64_t> read;  // before it: what is read later may have been pushed after it
  each_unseen([&](const JobPtr& job) { read.push_back(job->id); });
  ask(log_->purge(), [this, read = std::move(read), done = std::move(done)](Result<std::size_t> n) {
    if (n) forget(read);
    done(n);
  });
}

}  // namespace weft::queue
