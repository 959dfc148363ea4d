#include "net/watchdog.hpp"

#include "base/log.hpp"

namespace weft::net {

Watchdog::Watchdog(std::vector<const Activity*> activities, metrics::Registry& metrics,
                   Millis patience)
    : stuck_(metrics.gauge("weft_loops_stuck", "loops that are busy with one thing for a second")),
      patience_(patience) {
  for (const Activity* activity : activities) watched_.push_back({activity, patience});
  thread_ = std::thread([this] { run(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, patience_ / 4, [this] { return ending_; })) look();
}

void Watchdog::look() {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::int64_t stuck = 0;
  for (Watched& one : watched_) {
    const Activity::Busy busy = one.activity->look(now);
    if (busy.time < patience_) {
      one.next = patience_;
      continue;
    }
    ++stuck;
    if (busy.time < one.next) continue;
    one.next = busy.time * 2;
    log::warn("loop {} is stuck since {} ms with {}: its connections wait", one.activity->loop(),
              std::chrono::duration_cast<Millis>(busy.time).count(), busy.with);
  }
  stuck_.set(stuck);
}

}  // namespace weft::net
