#include "net/loop.hpp"

#include <pthread.h>

#include "base/check.hpp"
#include "net/stream.hpp"
#include "net/watchdog.hpp"

namespace weft::net {
namespace {

thread_local Loop* running = nullptr;

}  // namespace

Loop* Loop::current() { return running; }

Loop::Loop(unsigned index, unsigned count, metrics::Registry& metrics)
    : index_(index),
      count_(count),
      work_(context_.get_executor()),
      tick_timer_(context_),
      now_(std::chrono::steady_clock::now()),
      timers_(now_),
      receive_buffer_(std::make_unique_for_overwrite<std::byte[]>(kReceiveBuffer)),
      lag_(metrics.histogram("weft_loop_lag_seconds", "how late a loop's tick came")),
      send_(metrics.histogram("weft_send_seconds",
                              "from a turn's begin until what it queued was with the kernel")),
      waiting_(metrics),
      activity_(index, metrics),
      poller_(*this) {}

Loop::~Loop() { drop_streams(); }

Stream& Loop::adopt(std::unique_ptr<Stream> stream) {
  stream->place_ = static_cast<std::uint32_t>(streams_.size());
  return *streams_.emplace_back(std::move(stream));
}

void Loop::flush_later(Stream& stream) {
  dirty_.push_back(&stream);
  schedule_turn_end();
}

void Loop::end_later(Stream& stream, error_code error) {
  ending_.emplace_back(&stream, error);
  schedule_turn_end();
}

void Loop::retire(std::unique_ptr<StreamHandler> handler) {
  retired_.push_back(std::move(handler));
  schedule_turn_end();
}

// A posted task is a turn of its own; several that are queued together share one end.
void Loop::schedule_turn_end() {
  if (in_turn_ || turn_end_posted_) return;
  turn_end_posted_ = true;
  boost::asio::post(context_, [this] {
    turn_end_posted_ = false;
    now_ = std::chrono::steady_clock::now();
    end_turn();
  });
}

void Loop::begin_turn() {
  in_turn_ = true;
  now_ = std::chrono::steady_clock::now();
  activity_.begin_turn(now_);
}

void Loop::end_turn() {
  in_turn_ = true;
  if (joined_.left) joined_ = {};
  do {
    flush_dirty();
    end_streams();
  } while (!dirty_.empty() || !ending_.empty());
  retired_.clear();
  in_turn_ = false;
}

void Loop::flush_dirty() {
  while (!dirty_.empty()) {
    std::swap(dirty_, flushing_);
    std::size_t sent = 0;
    if (ring_ && flushing_.size() >= SendRing::kWorthIt) {
      sent = ring_->flush(flushing_);
    } else {
      for (Stream* stream : flushing_) sent += stream->flush() ? 1 : 0;
    }
    flushing_.clear();
    send_.observe(std::chrono::steady_clock::now() - now_, sent);
  }
}

void Loop::end_streams() {
  // All are told before any is destroyed: what one does at its end may reach another.
  const auto ending = std::exchange(ending_, {});
  for (const auto& [stream, error] : ending) stream->end(error);
  std::erase_if(dirty_, [](const Stream* stream) { return stream->ending_; });
  for (const auto& [stream, error] : ending) {
    const std::uint32_t place = stream->place_;
    streams_.back()->place_ = place;
    std::swap(streams_[place], streams_.back());
    streams_.pop_back();
  }
}

void Loop::tick() {
  const SteadyTime due = tick_timer_.expiry();
  now_ = std::chrono::steady_clock::now();
  lag_.observe(std::max(std::chrono::duration<double>(now_ - due).count(), 0.0));
  activity_.tick(due, now_);
  activity_.begin_turn(now_);
  in_turn_ = true;
  timers_.advance(now_);
  end_turn();
  rest();
  tick_timer_.expires_at(std::max(due + TimerWheel::kTick, now_));
  tick_timer_.async_wait([this](error_code error) {
    if (!error) tick();
  });
}

void Loop::run() {
  ring_ = SendRing::open();
  poller_.start();
  tick_timer_.expires_at(std::chrono::steady_clock::now());
  tick_timer_.async_wait([this](error_code error) {
    if (!error) tick();
  });
  running = this;
  activity_.started(std::chrono::steady_clock::now());
  context_.run();
  activity_.stopped();
  running = nullptr;
}

void Loop::stop() { context_.stop(); }

void Loop::drop_streams() {
  dirty_.clear();
  ending_.clear();
  streams_.clear();
  retired_.clear();
}

LoopPool::LoopPool(unsigned count, metrics::Registry& metrics) : metrics_(metrics) {
  check(count >= 1 && count <= 64, "a node has 1 to 64 loops");
  uses_ring_ = SendRing::open() != nullptr;  // complains here, where somebody listens
  for (unsigned i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>(i, count, metrics));
}

LoopPool::~LoopPool() { stop_and_join(); }

void LoopPool::watch(Millis limit) {
  for (auto& loop : loops_) loop->activity().set_limit(limit);
}

void LoopPool::start() {
  std::vector<const Activity*> watched;
  for (auto& loop : loops_)
    if (loop->activity().limit().count() > 0) watched.push_back(&loop->activity());
  if (!watched.empty()) watchdog_ = std::make_unique<Watchdog>(std::move(watched), metrics_);
  for (auto& loop : loops_) {
    threads_.emplace_back([&loop] { loop->run(); });
    ::pthread_setname_np(threads_.back().native_handle(),
                         ("loop" + std::to_string(loop->index())).c_str());
  }
}

void LoopPool::stop_and_join() {
  for (auto& loop : loops_) loop->stop();
  join();
}

void LoopPool::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  watchdog_.reset();
}

}  // namespace weft::net
