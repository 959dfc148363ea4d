#include "framework/message_drain.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>

#include "base/log.hpp"

namespace weft::framework {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

constexpr Millis kFirstRetry{2}, kLastRetry{250};             // of a full outbox, doubled between
constexpr Millis kFirstAwayPause{50}, kLastAwayPause{1'000};  // of a storage that is away
constexpr Millis kFirstReturn{1'000}, kLastReturn{30'000};    // given back to the storage for
constexpr Millis kMeasureEvery{1'000};

constexpr const char* kGone = "the connection is gone";
constexpr const char* kUserGone = "the user has no connection";
constexpr const char* kExpired = "expired";
constexpr const char* kUnreadable = "its data is not JSON";

bool is_over(const QueuedMessage& message, Time now) {
  return message.expires_at && *message.expires_at <= now;
}

Millis return_delay(unsigned attempts) {
  return std::min(kFirstReturn * (1 << std::min(attempts, 6u)) / 2, kLastReturn);
}

using Target = std::pair<ConnectionId, std::string>;
Target target_of(const QueuedMessage& message) { return {message.to, message.user}; }

std::vector<QueuedMessage> pick(const std::vector<QueuedMessage>& messages,
                                const std::vector<std::size_t>& numbers) {
  std::vector<QueuedMessage> picked;
  picked.reserve(numbers.size());
  for (const std::size_t i : numbers) picked.push_back(messages[i]);
  return picked;
}

constexpr const char* kDead = "weft_message_queue_dead_total";
constexpr const char* kDeadHelp = "messages that became dead letters, by the reason";

}  // namespace

MessageDrain::MessageDrain(net::Loop& loop, std::shared_ptr<MessageStorage> storage,
                           Recipients& recipients, metrics::Registry& metrics,
                           DrainSettings settings)
    : loop_(loop),
      storage_(std::move(storage)),
      recipients_(recipients),
      settings_(settings),
      delivered_(
          metrics.counter("weft_message_queue_delivered_total", "messages that reached an outbox")),
      retried_(metrics.counter("weft_message_queue_retried_total",
                               "messages that had to wait because an outbox was full")),
      dead_gone_(metrics.counter(kDead, kDeadHelp, R"(reason="gone")")),
      dead_expired_(metrics.counter(kDead, kDeadHelp, R"(reason="expired")")),
      dead_stuck_(metrics.counter(kDead, kDeadHelp, R"(reason="max_attempts")")),
      dead_unread_(metrics.counter(kDead, kDeadHelp, R"(reason="unreadable")")),
      lag_(metrics.histogram("weft_message_queue_lag_seconds",
                             "from queueing a message to its connection's outbox")),
      depth_(metrics.gauge("weft_message_queue_depth",
                           "messages in the storage, looked at once a second")),
      held_gauge_(metrics.gauge("weft_message_queue_held",
                                "messages that wait here because an outbox is full")) {}

// --- its life ---

void MessageDrain::start() { spawn(run(shared_from_this())); }

void MessageDrain::spawn(Task<void> work) {
  ++running_;
  asio::co_spawn(loop_.context(), std::move(work),
                 [self = shared_from_this()](std::exception_ptr) { self->ended(); });
}

void MessageDrain::ended() {
  if (--running_ == 0 && stopped_) std::exchange(stopped_, {})();
}

void MessageDrain::stop(std::function<void()> done) {
  stopping_ = true;
  if (running_ == 0) return done();
  stopped_ = std::move(done);
  storage_->wake();
  for (asio::steady_timer* timer : pauses_) timer->cancel();
}

Task<void> MessageDrain::pause(Millis time) {
  if (stopping_) co_return;
  asio::steady_timer timer(loop_.context(), time);
  const auto place = pauses_.insert(pauses_.end(), &timer);
  (void)co_await timer.async_wait(no_throw);
  pauses_.erase(place);
}

Task<void> MessageDrain::run(Self self) {
  while (!self->stopping_) {
    bool threw = true;
    try {
      co_await self->turn();
      threw = false;
    } catch (const std::exception& error) {
      log::error("message queue: its storage threw: {}", error.what());
    } catch (...) {
      log::error("message queue: its storage threw something that is no exception");
    }
    if (threw) co_await self->pause(kLastAwayPause);
  }
}

// --- batch after batch ---

Task<void> MessageDrain::turn() {
  Result<std::vector<QueuedMessage>> taken =
      co_await storage_->take(settings_.batch, settings_.visibility, settings_.wait);
  if (!taken) {
    co_await wait_for_storage(taken.error());
    co_return;
  }
  storage_answered();
  if (stopping_)
    co_await give_back(shared_from_this(), std::move(*taken), Millis(0));
  else if (!taken->empty())
    co_await hand_out(std::move(*taken));
  co_await measure();
  if (!stopping_) co_await orphans_.look(*storage_, recipients_);
}

Task<void> MessageDrain::hand_out(std::vector<QueuedMessage> batch) {
  const SteadyTime deadline = steady_clock::now() + settings_.visibility / 2;
  const auto messages = std::make_shared<const std::vector<QueuedMessage>>(std::move(batch));
  const std::vector<Outcome> outcomes = co_await recipients_.hand_out(messages);
  Sorted sorted = sort(*messages, outcomes);
  if (!sorted.later.empty()) hold_or_give_back(pick(*messages, sorted.later), deadline);
  co_await settle(std::move(sorted));
}

MessageDrain::Sorted MessageDrain::sort(const std::vector<QueuedMessage>& messages,
                                        const std::vector<Outcome>& outcomes) {
  Sorted sorted;
  const Time now = system_clock::now();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const QueuedMessage& message = messages[i];
    const auto bury = [&](const char* why, metrics::Counter& counter) {
      sorted.dead.push_back({message.id, why});
      counter.add();
    };
    switch (outcomes[i]) {
      case Outcome::sent:
        sorted.sent.push_back(message.id);
        delivered_.add();
        lag_.observe(now - message.queued_at);
        break;
      case Outcome::later:
        if (is_over(message, now))
          bury(kExpired, dead_expired_);
        else
          sorted.later.push_back(i);
        break;
      case Outcome::gone:
        bury(message.user.empty() ? kGone : kUserGone, dead_gone_);
        break;
      case Outcome::unreadable:
        bury(kUnreadable, dead_unread_);
        break;
    }
  }
  return sorted;
}

// Until the storage has heard it all, or we stop: then what it has not heard comes again.
Task<void> MessageDrain::settle(Sorted sorted) {
  while (!sorted.sent.empty()) {
    const Result<void> done = co_await storage_->ack(sorted.sent);
    if (done) break;
    if (!co_await wait_for_storage(done.error())) co_return;
  }
  for (std::size_t i = 0; i < sorted.dead.size();) {
    const Result<void> done = co_await storage_->dead(sorted.dead[i].id, sorted.dead[i].why);
    const bool is_settled = done || done.error() == StorageErrc::not_found;
    if (is_settled)
      ++i;
    else if (!co_await wait_for_storage(done.error()))
      co_return;
  }
  storage_answered();
}

// --- full outboxes ---

void MessageDrain::hold_or_give_back(std::vector<QueuedMessage> later, SteadyTime deadline) {
  std::map<Target, std::vector<QueuedMessage>> lanes;
  retried_.add(later.size());
  for (QueuedMessage& message : later) lanes[target_of(message)].push_back(std::move(message));
  for (auto& [target, lane] : lanes) {
    if (held_ + lane.size() > settings_.max_held) {
      spawn(give_back(shared_from_this(), std::move(lane), kFirstReturn));
      continue;
    }
    change_held(static_cast<std::ptrdiff_t>(lane.size()));
    spawn(hold(shared_from_this(), std::move(lane), deadline));
  }
}

void MessageDrain::change_held(std::ptrdiff_t by) {
  held_ += static_cast<std::size_t>(by);
  held_gauge_.set(static_cast<std::int64_t>(held_));
}

Task<void> MessageDrain::hold(Self self, std::vector<QueuedMessage> lane, SteadyTime deadline) {
  auto messages = std::make_shared<const std::vector<QueuedMessage>>(std::move(lane));
  bool any_progress = false;
  Millis delay = kFirstRetry;
  while (!messages->empty() && !self->stopping_ && steady_clock::now() < deadline) {
    co_await self->pause(delay);
    if (self->stopping_) break;
    const std::vector<Outcome> outcomes = co_await self->recipients_.hand_out(messages);
    Sorted sorted = self->sort(*messages, outcomes);
    const std::size_t settled = messages->size() - sorted.later.size();
    delay = settled ? kFirstRetry : std::min(delay * 2, kLastRetry);
    if (settled == 0) continue;
    any_progress = any_progress || !sorted.sent.empty();
    self->change_held(-static_cast<std::ptrdiff_t>(settled));
    messages = std::make_shared<const std::vector<QueuedMessage>>(pick(*messages, sorted.later));
    co_await self->settle(std::move(sorted));
  }
  self->change_held(-static_cast<std::ptrdiff_t>(messages->size()));
  if (!messages->empty()) co_await self->end_hold(*messages, any_progress);
}

// The claim is about to end. A target that took nothing all the time, again and again, gets
// nothing more of this; one that is only slow keeps its messages.
Task<void> MessageDrain::end_hold(std::vector<QueuedMessage> left, bool any_progress) {
  Sorted sorted;
  std::vector<QueuedMessage> back;
  for (QueuedMessage& message : left) {
    const bool is_stuck = message.attempts >= settings_.max_attempts && !any_progress;
    if (!is_stuck || stopping_) {
      back.push_back(std::move(message));
      continue;
    }
    const std::string times = std::to_string(message.attempts);
    sorted.dead.push_back({std::move(message.id), "the outbox stayed full, attempt " + times});
    dead_stuck_.add();
  }
  co_await settle(std::move(sorted));
  if (back.empty()) co_return;
  const Millis delay = stopping_ ? Millis(0) : return_delay(back.front().attempts);
  co_await give_back(shared_from_this(), std::move(back), delay);
}

Task<void> MessageDrain::give_back(Self self, std::vector<QueuedMessage> lane, Millis delay) {
  for (std::size_t i = 0; i < lane.size();) {
    const Result<void> done = co_await self->storage_->retry(lane[i].id, delay);
    const bool is_settled = done || done.error() == StorageErrc::not_found;
    if (is_settled)
      ++i;
    else if (!co_await self->wait_for_storage(done.error()))
      co_return;
  }
}

// --- a storage that is away ---

Task<bool> MessageDrain::wait_for_storage(error_code error) {
  if (away_pause_.count() == 0) {
    away_since_ = steady_clock::now();
    log::warn("message queue: {}; it goes on when that is over", error.message());
  }
  away_pause_ = std::clamp(away_pause_ * 2, kFirstAwayPause, kLastAwayPause);
  co_await pause(away_pause_);
  co_return !stopping_;
}

void MessageDrain::storage_answered() {
  if (away_pause_.count() == 0) return;
  away_pause_ = Millis(0);
  const auto away = steady_clock::now() - away_since_;
  log::info("message queue: the storage is back after {} s",
            std::chrono::duration_cast<std::chrono::seconds>(away).count());
}

Task<void> MessageDrain::measure() {
  if (stopping_ || steady_clock::now() - measured_ < kMeasureEvery) co_return;
  measured_ = steady_clock::now();
  const Result<std::size_t> size = co_await storage_->size();
  if (size) depth_.set(static_cast<std::int64_t>(*size));
}

}  // namespace weft::framework
