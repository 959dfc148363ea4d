// Timers: work that runs once or again and again on a loop, for programs. Precise to the
// millisecond, where the loop's own wheel counts in tenths of a second. What throws is logged and
// counted, and a tick goes on.
#pragma once
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "net/loop.hpp"

namespace weft::framework {

class Timers {
 public:
  explicit Timers(net::LoopPool& loops, metrics::Registry& metrics);
  ~Timers();

  using Id = std::uint64_t;  ///< never 0; says which loop it runs on
  using Work = std::function<void()>;

  /// Any thread; on the calling loop, else on the first. A period below a millisecond is one.
  Id tick(Millis period, Work work) { return add(period, std::move(work), true); }
  Id after(Millis time, Work work) { return add(time, std::move(work), false); }
  /// Any thread. On the timer's own loop `work` does not run any more once this has returned, from
  /// elsewhere soon. An id that is over or unknown is no matter.
  void clear(Id timer);

  /// On each loop, before it stops: nothing runs from here on.
  void stop(net::Loop& loop);

 private:
  struct Timer;
  struct Place;  // the timers of one loop
  Id add(Millis time, Work work, bool repeats);
  void start(Place& place, Id id, Millis time, Work work, bool repeats);
  void wait(Place& place, Timer& timer);
  void fire(Place& place, Id id);
  void run(Place& place, Timer& timer);

  net::LoopPool& loops_;
  std::atomic<Id> last_{0};
  std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace weft::framework
