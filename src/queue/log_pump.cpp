#include "queue/log_pump.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace weft::queue {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxRead = 256;
constexpr Millis kWait{1'000};          // of one read
constexpr Millis kPause{100};           // after a failure
constexpr Millis kLastPatience{2'000};  // for what is open when it stops

}  // namespace

LogPump::LogPump(net::Loop& home, std::shared_ptr<JobLog> log, const LogOptions& options)
    : home_(home),
      log_(std::move(log)),
      teller_(std::make_shared<LogTeller>(home, log_)),
      lease_(options.lease),
      parts_(options.partitions),
      leases_(options.partitions) {}

template <class Work>
void LogPump::spawn(Work work) {
  ++running_;
  boost::asio::co_spawn(home_.context(), std::move(work),
                        [self = shared_from_this()](std::exception_ptr) {
                          --self->running_;
                          self->ended_.ring();
                        });
}

void LogPump::start(LogSink& sink) {
  sink_ = &sink;
  teller_->start([weak = weak_from_this()](LogPlace place, const LogTeller::LeasePtr& lease) {
    if (const Self self = weak.lock()) self->told(place, lease);
  });
  spawn(own(shared_from_this()));
  spawn(read(shared_from_this()));
}

void LogPump::look() {
  if (!sink_) return;
  const bool has_consumers = sink_->has_consumers_now();
  const bool is_leaving = std::ranges::any_of(parts_, &Part::is_leaving);
  if (std::exchange(had_consumers_, has_consumers) != has_consumers || is_leaving) changed_.ring();
  room_.ring();
}

void LogPump::begin_drain() {
  draining_ = true;
  changed_.ring();
}

bool LogPump::wants() const {
  return !draining_ && !stopping_ && sink_ && sink_->has_consumers_now();
}

// --- owning ---

Task<void> LogPump::own(Self self) {
  while (!self->stopping_) {
    const std::uint64_t rings = self->changed_.rings();
    self->fence();
    co_await let_go(self);
    if (self->stopping_) break;
    const SteadyTime asked = steady_clock::now();
    const bool owns = !self->holding_.owned.empty();
    if (self->wants() || owns) {
      const auto holding = co_await self->log_->claim(self->wants());
      if (self->stopping_) break;
      if (holding) self->adopt(*holding, asked);
      co_await let_go(self);
    }
    const bool still = self->wants() || !self->holding_.owned.empty();
    const Millis pause = still ? self->interval(self->holding_) : self->lease_;
    if (!self->stopping_) co_await self->changed_.wait(rings, steady_clock::now() + pause);
  }
}

Millis LogPump::interval(const Holding& holding) const {
  const std::size_t least = parts_.size() / std::max<std::size_t>(holding.contenders, 1);
  const bool is_short = wants() && holding.owned.size() < least;
  return std::max(is_short ? lease_ / 40 : lease_ / 4, Millis(20));
}

void LogPump::adopt(const Holding& holding, SteadyTime asked) {
  fence();  // a claim may be answered late
  holding_ = holding;
  const SteadyTime until = asked + lease_ * 9 / 10;
  std::vector<bool> owned(parts_.size());
  std::vector<unsigned> fresh;
  for (const unsigned number : holding.owned) {
    if (number >= parts_.size()) continue;
    owned[number] = true;
    Part& part = parts_[number];
    if (part.must_release) continue;
    if (!part.is_owned) {
      part = Part{};
      part.is_owned = true;
      part.lease = leases_[number] = std::make_shared<Lease>();
      fresh.push_back(number);
    }
    part.lease->until.store(until.time_since_epoch().count(), std::memory_order_relaxed);
  }
  for (unsigned number = 0; number < parts_.size(); ++number)
    if (!owned[number]) lose(parts_[number], number);
  choose_leaving(wants() ? fair_share(parts_.size(), holding.contenders) : 0);
  if (!fresh.empty()) {
    log_->wake();
    room_.ring();
    spawn(read_first(shared_from_this(), std::move(fresh)));
  }
}

/// Above the share those go first that have least in flight.
void LogPump::choose_leaving(std::size_t share) {
  std::vector<unsigned> staying;
  for (unsigned number = 0; number < parts_.size(); ++number) {
    Part& part = parts_[number];
    if (!part.is_owned) continue;
    if (part.is_leaving && share > 0 && !part.has_given_back) part.is_leaving = false;
    if (!part.is_leaving) staying.push_back(number);
  }
  std::ranges::stable_sort(staying, std::greater(),
                           [this](unsigned number) { return parts_[number].in_flight; });
  for (; staying.size() > share; staying.pop_back()) leave(parts_[staying.back()], staying.back());
}

void LogPump::leave(Part& part, unsigned number) {
  part.is_leaving = true;
  const GivenBack back = sink_->take_back_from(number);
  part.unseen.insert(part.unseen.end(), back.unseen.begin(), back.unseen.end());
  const std::size_t jobs = back.unseen.size() + back.resting;
  if (jobs > 0) part.has_given_back = true;
  count_out(part, jobs);
}

/// Another node has it, or may have it.
void LogPump::lose(Part& part, unsigned number) {
  if (!part.is_owned) return;
  part.lease->until.store(0, std::memory_order_relaxed);
  if (sink_) {
    sink_->take_back_from(number);
    sink_->revoke_from(number);
  }
  count_out(part, part.in_flight);
  part = Part{};
}

/// A lease that ran out unnoticed is not prolonged: jobs of it were withheld from consumers.
void LogPump::fence() {
  for (unsigned number = 0; number < parts_.size(); ++number) {
    Part& part = parts_[number];
    if (!part.is_owned || part.lease->holds()) continue;
    lose(part, number);
    part.must_release = true;
  }
}

/// Partitions that nothing is in flight of any more go to whoever wants them.
Task<void> LogPump::let_go(Self self) {
  for (unsigned number = 0; number < self->parts_.size(); ++number) {
    Part& part = self->parts_[number];
    if (part.is_leaving && self->sink_) self->leave(part, number);
    const bool is_quiet = part.is_leaving && part.in_flight == 0;
    if (!part.must_release && !is_quiet) continue;
    if (part.lease) part.lease->until.store(0, std::memory_order_relaxed);
    std::vector<std::uint64_t> unseen = part.unseen;
    const auto released = co_await self->log_->release(number, std::move(unseen));
    if (!released) continue;
    self->parts_[number] = Part{};
    std::erase(self->holding_.owned, number);
  }
}

// --- reading ---

std::vector<unsigned> LogPump::readable() const {
  std::vector<unsigned> numbers;
  for (unsigned number = 0; number < parts_.size(); ++number) {
    const Part& part = parts_[number];
    if (part.is_owned && !part.is_leaving && part.lease->holds()) numbers.push_back(number);
  }
  return numbers;
}

Task<void> LogPump::read(Self self) {
  while (!self->stopping_) {
    const std::uint64_t rings = self->room_.rings();
    std::vector<unsigned> partitions = self->readable();
    const std::size_t room = self->sink_ ? std::min(self->sink_->room(), kMaxRead) : 0;
    if (partitions.empty() || room == 0) {
      co_await self->room_.wait(rings, steady_clock::now() + kWait);
      continue;
    }
    auto entries = co_await self->log_->read(std::move(partitions), room, kWait);
    if (entries)
      self->take(std::move(*entries));
    else if (!self->stopping_)
      co_await self->room_.wait(self->room_.rings(), steady_clock::now() + kPause);
  }
}

/// The read that is under way does not know these yet.
Task<void> LogPump::read_first(Self self, std::vector<unsigned> partitions) {
  const std::size_t room = self->sink_ ? std::min(self->sink_->room(), kMaxRead) : 0;
  if (room == 0) co_return;
  auto entries = co_await self->log_->read(std::move(partitions), room, Millis(0));
  if (entries) self->take(std::move(*entries));
}

void LogPump::take(std::vector<LogEntry> entries) {
  if (!sink_) return;
  std::erase_if(entries, [this](const LogEntry& entry) {
    Part& part = parts_[entry.place.partition];
    if (part.is_leaving) part.has_given_back = true;
    if (part.is_leaving && entry.rest <= Millis(0)) part.unseen.push_back(entry.place.sequence);
    return !part.is_owned || part.is_leaving || !part.lease->holds();
  });
  for (const LogEntry& entry : entries) count_in(parts_[entry.place.partition], 1);
  if (!entries.empty()) sink_->on_entries(std::move(entries), leases_);
}

void LogPump::count_in(Part& part, std::size_t jobs) {
  part.in_flight += jobs;
  open_.fetch_add(jobs, std::memory_order_relaxed);
}

void LogPump::count_out(Part& part, std::size_t jobs) {
  jobs = std::min(jobs, part.in_flight);
  part.in_flight -= jobs;
  open_.fetch_sub(jobs, std::memory_order_relaxed);
  if (jobs > 0 && part.in_flight == 0 && part.is_leaving) changed_.ring();
}

// --- telling ---

/// It counts as in flight until the log knows it: a partition is not given away before.
void LogPump::finish(LogPlace place, net::Loop* from, Done done) {
  teller_->finish({place, parts_[place.partition].lease, from, std::move(done)});
}

void LogPump::rest(LogPlace place, Millis time, net::Loop* from, Done done) {
  Part& part = parts_[place.partition];
  count_in(part, 1);  // beside the job itself, which may be given back before the log knows it
  teller_->rest({place, part.lease, from, std::move(done)}, time);
}

void LogPump::told(LogPlace place, const LogTeller::LeasePtr& lease) {
  Part& part = parts_[place.partition];
  if (part.lease == lease) count_out(part, 1);
}

// --- the end ---

void LogPump::stop(std::function<void()> done) {
  draining_ = true;
  boost::asio::co_spawn(home_.context(), end(shared_from_this(), std::move(done)),
                        boost::asio::detached);
}

Task<void> LogPump::end(Self self, std::function<void()> done) {
  co_await LogTeller::until_idle(self->teller_, steady_clock::now() + kLastPatience);
  self->stopping_ = true;
  for (unsigned number = 0; number < self->parts_.size(); ++number) {
    Part& part = self->parts_[number];
    if (!part.is_owned) continue;
    self->leave(part, number);
    std::vector<std::uint64_t> unseen = part.unseen;
    self->lose(part, number);
    co_await self->log_->release(number, std::move(unseen));
  }
  co_await self->log_->claim(false);
  self->detach();
  co_await LogTeller::until_idle(self->teller_, SteadyTime::max());
  while (self->running_ > 0) {
    const std::uint64_t rings = self->ended_.rings();
    if (self->running_ > 0) co_await self->ended_.wait(rings, SteadyTime::max());
  }
  done();
}

void LogPump::detach() {
  stopping_ = true;
  teller_->stop();
  sink_ = nullptr;
  changed_.ring();
  room_.ring();
  ended_.ring();
  log_->stop();
}

}  // namespace weft::queue
