// Activity: what a loop is busy with, and since when. The loop itself counts and logs what held it
// up for longer than the limit once that is over; net/watchdog.hpp looks from outside at what is
// not over. Costs a loop one coarse look at the clock per turn and two per Scope.
#pragma once
#include <atomic>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "weft/types.hpp"

namespace weft::net {

class Activity {
 private:
  struct Span {  // time that is being judged
    SteadyTime began{};
    std::chrono::nanoseconds told{};  // in all reports before it
  };

 public:
  Activity(unsigned loop, metrics::Registry& metrics);

  /// What holds the loop up for longer is counted and logged; 0 = nothing is. Before the loop runs.
  void set_limit(Millis limit) { limit_ = limit; }
  Millis limit() const { return limit_; }
  unsigned loop() const { return loop_; }

  /// What runs: "listener of event", "PRICE", 123. The texts must stay where they are until the
  /// loops have ended.
  struct Note {
    const char* what = nullptr;
    std::string_view name = {};
    ConnectionId connection = ConnectionId::none;
  };
  /// Says it while it runs.
  class Scope {
   public:
    Scope(Activity& activity, const Note& note)
        : activity_(activity), outer_(activity.note_), span_(activity.begin_span()) {
      activity.set_note(note);
    }
    ~Scope() {
      activity_.end_span(span_, &activity_.note_);
      activity_.set_note(outer_);
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Activity& activity_;
    const Note outer_;
    const Span span_;
  };

  // By the loop:
  void started(SteadyTime now);
  void begin_turn(SteadyTime now);  ///< ends the turn before, if end_turn() did not
  void end_turn();
  void tick(SteadyTime due, SteadyTime now);  ///< `due`: when this tick should have come
  void stopped();

  /// For another thread: how long the loop has been busy with one thing; 0 = it is not.
  struct Busy {
    std::chrono::nanoseconds time{};
    std::string with;
  };
  Busy look(SteadyTime now) const;

  /// The monotonic clock as of the last timer interrupt: a few milliseconds old, and cheap.
  static SteadyTime coarse_now();

 private:
  void set_note(const Note& note);
  Span begin_span() const { return {limit_.count() > 0 ? coarse_now() : SteadyTime(), told_}; }
  void end_span(const Span& span, const Note* note) {
    if (limit_.count() > 0) judge(coarse_now() - span.began - (told_ - span.told), note);
  }
  void judge(std::chrono::nanoseconds time, const Note* note) {
    if (time >= limit_) report(time, note);
  }
  void judge_turn(SteadyTime now);
  void report(std::chrono::nanoseconds time, const Note* note);

  unsigned loop_;
  Millis limit_{0};
  metrics::Counter& blocked_;
  Note note_;
  std::chrono::nanoseconds told_{}, told_at_turn_{}, told_at_tick_{};  // the time of all reports
  log::Limiter lines_{std::chrono::seconds(1)};

  // Written by the loop, read by whoever looks; the note under a sequence lock.
  std::atomic<std::int64_t> turn_began_{0}, next_tick_{0};  // nanoseconds; 0 = none
  std::atomic<std::uint32_t> sequence_{0};
  std::atomic<const char*> what_{nullptr}, name_{nullptr};
  std::atomic<std::size_t> name_size_{0};
  std::atomic<ConnectionId> connection_{ConnectionId::none};
};

}  // namespace weft::net
