// Watchdog: a thread that looks at the loops and says which of them does not come back, while that
// lasts. It changes nothing: the other loops go on, and so does this one when it can.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/metrics.hpp"
#include "net/activity.hpp"

namespace weft::net {

class Watchdog {
 public:
  /// A loop that is busy with one thing for `patience` is logged, and again each time that the time
  /// has doubled. `activities` outlive it.
  Watchdog(std::vector<const Activity*> activities, metrics::Registry& metrics,
           Millis patience = Millis(1000));
  ~Watchdog();

 private:
  struct Watched {
    const Activity* activity;
    std::chrono::nanoseconds next{};  ///< said again when it takes this long
  };
  void run();
  void look();

  std::vector<Watched> watched_;
  metrics::Gauge& stuck_;
  Millis patience_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace weft::net
