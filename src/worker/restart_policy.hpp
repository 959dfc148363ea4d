// RestartPolicy: how long to wait before a worker that ended is started again. Pure arithmetic, no
// clock.
#pragma once
#include <algorithm>

#include "base/clock.hpp"

namespace weft::worker {

class RestartPolicy {
 public:
  struct Options {
    Millis first{100};  ///< wait after the first early end, doubled after each further one
    Millis longest{30'000};
    Millis healthy{10'000};  ///< a run this long forgets the earlier ends
  };

  RestartPolicy() = default;
  explicit RestartPolicy(Options options) : options_(options) {}

  /// The wait before the next start, given how long the process that ended had run.
  Millis after_run_of(Millis ran) {
    if (ran >= options_.healthy) wait_ = Millis{0};
    wait_ = wait_ == Millis{0} ? options_.first : std::min(wait_ * 2, options_.longest);
    return wait_;
  }

 private:
  Options options_;
  Millis wait_{0};
};

}  // namespace weft::worker
