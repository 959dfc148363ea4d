#include "transport/silence.hpp"

#include <algorithm>

namespace weft::transport {

Silence::Verdict Silence::judge(SteadyTime now, const SilenceLimits& limits) {
  const Millis silent = silent_for(now);
  if (limits.read_timeout.count() && silent >= limits.read_timeout) return Verdict::silent;
  if (is_pinged() && limits.pong_timeout.count() && now - pinged_ >= limits.pong_timeout)
    return Verdict::no_pong;
  const bool may_ping = !is_pinged() || !limits.pong_timeout.count();
  if (!may_ping || !limits.ping_interval.count() || silent < limits.ping_interval)
    return Verdict::wait;
  pinged_ = now;
  return Verdict::ping;
}

Millis Silence::next(SteadyTime now, const SilenceLimits& limits) const {
  const Millis silent = silent_for(now);
  const auto left = [](Millis of, Millis passed) { return std::max(of - passed, Millis(0)); };
  Millis next = Millis::max();
  if (limits.read_timeout.count()) next = left(limits.read_timeout, silent);
  if (!limits.ping_interval.count()) return next;
  if (!is_pinged()) return std::min(next, left(limits.ping_interval, silent));
  next = std::min(next, limits.ping_interval);  // a pong may come meanwhile: then ping again
  if (!limits.pong_timeout.count()) return next;
  const auto waited = std::chrono::duration_cast<Millis>(now - pinged_);
  return std::min(next, left(limits.pong_timeout, waited));
}

}  // namespace weft::transport
