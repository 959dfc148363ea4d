#include "queue/log_teller.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace weft::queue {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxTold = 500;
constexpr Millis kPause{100};  // after a failure

bool is_lost(const Result<void>& told) { return !told && told.error() == QueueErrc::not_owner; }

bool spans_several(const std::vector<LogTeller::Word>& words) {
  return std::ranges::any_of(words, [&](const LogTeller::Word& one) {
    return one.place.partition != words.front().place.partition;
  });
}

}  // namespace

void LogTeller::begin() {
  if (std::exchange(is_telling_, true)) return;
  boost::asio::co_spawn(home_.context(), tell(shared_from_this()), boost::asio::detached);
}

void LogTeller::finish(Word word) {
  finished_.push_back(std::move(word));
  begin();
}

void LogTeller::rest(Word word, Millis time) {
  const LogPlace place = word.place;
  resting_[place] = {std::move(word), steady_clock::now() + time};
  begin();
}

void LogTeller::again(LogPlace place) {
  if (auto untold = resting_.extract(place)) answer(untold.mapped().word, {});
  again_.push_back(place);
  begin();
}

Task<void> LogTeller::tell(Self self) {
  while (!self->finished_.empty() || !self->resting_.empty() || !self->again_.empty()) {
    if (!self->again_.empty()) {
      std::vector<LogPlace> again = std::exchange(self->again_, {});
      co_await self->log_->again(std::move(again));
    }
    bool is_told = co_await tell_rests(self);
    if (is_told) is_told = co_await tell_finished(self);
    if (is_told || self->stopping_) continue;
    co_await self->idle_.wait(self->idle_.rings(), steady_clock::now() + kPause);
  }
  self->is_telling_ = false;
  self->idle_.ring();
}

/// Answers; false: the log has to hear it once more.
bool LogTeller::answer(Word& word, const Result<void>& told) {
  const error_code error = is_lost(told) ? make_error_code(QueueErrc::no_such_job)
                           : told        ? error_code{}
                                         : told.error();
  if (word.done) word.from->dispatch([done = std::exchange(word.done, {}), error] { done(error); });
  if (!told && !is_lost(told) && !stopping_ && word.lease && word.lease->holds()) return false;
  on_told_(word.place, word.lease);
  return true;
}

Task<bool> LogTeller::tell_finished(Self self) {
  if (self->finished_.empty()) co_return true;
  std::vector<Word> batch;
  const std::size_t count = std::min(self->finished_.size(), kMaxTold);
  const auto end = self->finished_.begin() + static_cast<std::ptrdiff_t>(count);
  std::move(self->finished_.begin(), end, std::back_inserter(batch));
  self->finished_.erase(self->finished_.begin(), end);
  co_return co_await finish_batch(self, std::move(batch));
}

/// Of partitions, some of which are another node's by now, each is asked for by itself.
Task<bool> LogTeller::finish_batch(Self self, std::vector<Word> batch) {
  std::vector<LogPlace> places;
  for (const Word& one : batch) places.push_back(one.place);
  const Result<void> told = co_await self->log_->ack(std::move(places));
  if (is_lost(told) && spans_several(batch)) {
    std::map<unsigned, std::vector<Word>> parts;
    for (Word& one : batch) parts[one.place.partition].push_back(std::move(one));
    bool is_told = true;
    for (auto& [partition, words] : parts) is_told &= co_await finish_batch(self, std::move(words));
    co_return is_told;
  }
  for (Word& one : batch)
    if (!self->answer(one, told)) self->finished_.push_back(std::move(one));
  co_return told || is_lost(told);
}

/// Those of one partition.
Task<bool> LogTeller::tell_rests(Self self) {
  if (self->resting_.empty()) co_return true;
  std::vector<Resting> batch;
  std::vector<Rest> rests;
  const SteadyTime now = steady_clock::now();
  const unsigned partition = self->resting_.begin()->first.partition;
  while (!self->resting_.empty() && batch.size() < kMaxTold &&
         self->resting_.begin()->first.partition == partition) {
    auto one = self->resting_.extract(self->resting_.begin());
    const auto left = std::chrono::ceil<Millis>(one.mapped().until - now);
    rests.push_back({one.key(), std::max(left, Millis(1))});
    batch.push_back(std::move(one.mapped()));
  }
  const Result<void> told = co_await self->log_->rest(std::move(rests));
  for (Resting& one : batch) {
    const bool is_over = std::ranges::find(self->again_, one.word.place) != self->again_.end();
    if (self->answer(one.word, is_over ? Result<void>{} : told)) continue;
    self->resting_.emplace(one.word.place, std::move(one));
  }
  co_return told || is_lost(told);
}

Task<void> LogTeller::until_idle(Self self, SteadyTime deadline) {
  while (!self->is_idle() && steady_clock::now() < deadline) {
    const std::uint64_t rings = self->idle_.rings();
    if (!self->is_idle()) co_await self->idle_.wait(rings, deadline);
  }
}

}  // namespace weft::queue
