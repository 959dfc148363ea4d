#include "framework/timers.hpp"

#include <algorithm>
#include <exception>

#include "base/log.hpp"

namespace weft::framework {
namespace {

constexpr unsigned kLoopBits = 6;  // a node has at most 64 loops

}  // namespace

struct Timers::Timer {
  Timer(net::Loop& loop, Id its_id, Millis its_period, Work its_work)
      : timer(loop.context()), id(its_id), period(its_period), work(std::move(its_work)) {}

  boost::asio::steady_timer timer;
  Id id;
  Millis period;  // 0 = once
  Work work;
};

struct Timers::Place {
  Place(net::Loop& its_loop, metrics::Registry& metrics)
      : loop(its_loop),
        threw(metrics.counter("weft_timer_exceptions_total", "timers of the program that threw")) {}

  net::Loop& loop;
  metrics::Counter& threw;
  std::unordered_map<Id, std::shared_ptr<Timer>> timers;
  bool stopped = false;
};

Timers::Timers(net::LoopPool& loops, metrics::Registry& metrics) : loops_(loops) {
  for (auto& loop : loops) places_.push_back(std::make_unique<Place>(*loop, metrics));
}

Timers::~Timers() = default;

Timers::Id Timers::add(Millis time, Work work, bool repeats) {
  net::Loop* const current = loops_.current();
  Place& place = *places_[current ? current->index() : 0];
  const Id id = ++last_ << kLoopBits | place.loop.index();
  place.loop.dispatch([this, &place, id, time, work = std::move(work), repeats]() mutable {
    start(place, id, time, std::move(work), repeats);
  });
  return id;
}

void Timers::start(Place& place, Id id, Millis time, Work work, bool repeats) {
  if (place.stopped) return;
  const Millis period = repeats ? std::max(time, Millis(1)) : Millis(0);
  const auto timer = std::make_shared<Timer>(place.loop, id, period, std::move(work));
  timer->timer.expires_after(repeats ? period : std::max(time, Millis(0)));
  place.timers.emplace(id, timer);
  wait(place, *timer);
}

void Timers::wait(Place& place, Timer& timer) {
  timer.timer.async_wait([this, &place, id = timer.id](error_code cancelled) {
    if (!cancelled) fire(place, id);
  });
}

// The timer may be cleared, by its own work too, before that is over.
void Timers::fire(Place& place, Id id) {
  const auto found = place.timers.find(id);
  if (found == place.timers.end()) return;
  const std::shared_ptr<Timer> timer = found->second;
  if (timer->period.count() == 0) place.timers.erase(found);
  run(place, *timer);
  if (timer->period.count() == 0 || !place.timers.contains(id)) return;
  // A tick that came late does not bring the missed ones after it.
  timer->timer.expires_at(
      std::max(timer->timer.expiry() + timer->period, std::chrono::steady_clock::now()));
  wait(place, *timer);
}

void Timers::run(Place& place, Timer& timer) {
  const net::Activity::Scope scope(place.loop.activity(), {.what = "a timer of the program"});
  try {
    timer.work();
    return;
  } catch (const std::exception& error) {
    log::error("a timer threw: {}", error.what());
  } catch (...) {
    log::error("a timer threw something that is no std::exception");
  }
  place.threw.add();
}

void Timers::clear(Id id) {
  const std::size_t index = id & ((Id{1} << kLoopBits) - 1);
  if (index >= places_.size()) return;
  Place& place = *places_[index];
  place.loop.dispatch([&place, id] { place.timers.erase(id); });
}

void Timers::stop(net::Loop& loop) {
  Place& place = *places_[loop.index()];
  place.stopped = true;
  place.timers.clear();
}

}  // namespace weft::framework
