#include "net/activity.hpp"

#include <fmt/format.h>
#include <time.h>

#include "net/timer_wheel.hpp"

namespace weft::net {
namespace {

constexpr const char* kOther = "other work";  // that said nothing of itself

std::int64_t nanos(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

std::int64_t millis(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<Millis>(time).count();
}

std::string describe(const Activity::Note& note) {
  if (!note.what) return kOther;
  std::string out = note.what;
  if (!note.name.empty()) out += fmt::format(" \"{}\"", note.name);
  if (note.connection != ConnectionId::none) out += " of connection " + to_string(note.connection);
  return out;
}

}  // namespace

Activity::Activity(unsigned loop, metrics::Registry& metrics)
    : loop_(loop),
      blocked_(metrics.counter("weft_loop_blocked_total",
                               "times that a loop was held up for longer than framework.watchdog")) {}

SteadyTime Activity::coarse_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return SteadyTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

void Activity::set_note(const Note& note) {
  note_ = note;
  const std::uint32_t sequence = sequence_.load(std::memory_order_relaxed);
  sequence_.store(sequence + 1, std::memory_order_relaxed);
  what_.store(note.what, std::memory_order_release);
  name_.store(note.name.data(), std::memory_order_release);
  name_size_.store(note.name.size(), std::memory_order_release);
  connection_.store(note.connection, std::memory_order_release);
  sequence_.store(sequence + 2, std::memory_order_release);
}

void Activity::begin_turn(SteadyTime now) {
  if (limit_.count() == 0) return;
  judge_turn(now);
  turn_began_.store(nanos(now), std::memory_order_relaxed);
}

void Activity::end_turn() {
  if (limit_.count() == 0) return;
  judge_turn(coarse_now());
  turn_began_.store(0, std::memory_order_relaxed);
}

void Activity::judge_turn(SteadyTime now) {
  const std::int64_t began = turn_began_.load(std::memory_order_relaxed);
  const auto told = told_ - std::exchange(told_at_turn_, told_);
  if (began != 0) judge(std::chrono::nanoseconds(nanos(now) - began) - told, nullptr);
}

// What ran outside of turns, posted by other loops or resumed by a timer, shows only by the tick
// that it delays; up to one tick of it stays unseen.
void Activity::tick(SteadyTime due, SteadyTime now) {
  if (limit_.count() == 0) return;
  next_tick_.store(nanos(std::max(due + TimerWheel::kTick, now)), std::memory_order_relaxed);
  judge(now - due - (told_ - told_at_tick_), nullptr);
  told_at_tick_ = told_;
}

void Activity::started(SteadyTime now) { next_tick_ = nanos(now + TimerWheel::kTick); }

void Activity::stopped() {
  turn_began_ = 0;
  next_tick_ = 0;
}

void Activity::report(std::chrono::nanoseconds time, const Note* note) {
  blocked_.add();
  told_ += time;
  if (!lines_.pass(std::chrono::steady_clock::now())) return;
  log::warn("loop {} stood still for {} ms with {} ({} more since the last line)", loop_,
            millis(time), note ? describe(*note) : kOther, lines_.suppressed());
}

Activity::Busy Activity::look(SteadyTime now) const {
  const std::int64_t began = turn_began_.load(std::memory_order_relaxed),
                     due = next_tick_.load(std::memory_order_relaxed);
  if (due == 0) return {};  // it does not run
  const std::int64_t since = began != 0 ? std::min(began, due) : due;
  Busy busy{std::chrono::nanoseconds(std::max<std::int64_t>(nanos(now) - since, 0)), ""};
  const std::uint32_t before = sequence_.load(std::memory_order_acquire);
  const Note note{
      what_.load(std::memory_order_acquire),
      {name_.load(std::memory_order_acquire), name_size_.load(std::memory_order_acquire)},
      connection_.load(std::memory_order_acquire)};
  const bool whole = before % 2 == 0 && sequence_.load(std::memory_order_relaxed) == before;
  busy.with = whole ? describe(note) : kOther;
  return busy;
}

}  // namespace weft::net
