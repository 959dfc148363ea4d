// LogTeller: what became of the jobs that this node has of a log, told to the log: one call after
// the other, many jobs in each. What could not be told is told again while the job's lease holds.
// On the log's loop.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "net/doorbell.hpp"
#include "net/loop.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

class LogTeller : public std::enable_shared_from_this<LogTeller> {
 public:
  using Done = std::function<void(error_code)>;
  using LeasePtr = std::shared_ptr<const Lease>;
  /// The log knows it, or it is too late to tell.
  using OnTold = std::function<void(LogPlace place, const LeasePtr& lease)>;

  LogTeller(net::Loop& home, std::shared_ptr<JobLog> log) : home_(home), log_(std::move(log)) {}

  void start(OnTold on_told) { on_told_ = std::move(on_told); }
  /// What is not told by now is tried once more and no longer.
  void stop() { stopping_ = true; }

  /// `done`, where there is one, runs on `from` at the first answer. Errors: no_such_job when
  /// another node has it now; unavailable and timed_out: the log will be told again, but if this
  /// node dies before, it is as if nothing had been said.
  struct Word {
    LogPlace place;
    LeasePtr lease;
    net::Loop* from = nullptr;
    Done done = {};
  };
  void finish(Word word);
  void rest(Word word, Millis time);
  /// Nobody hears whether it was told: a count that is lost is not worth more. It takes the place
  /// of a rest that was not told yet.
  void again(LogPlace place);

  bool is_idle() const { return !is_telling_; }
  static Task<void> until_idle(std::shared_ptr<LogTeller> self, SteadyTime deadline);

 private:
  using Self = std::shared_ptr<LogTeller>;
  struct Resting {
    Word word;
    SteadyTime until;
  };

  void begin();
  static Task<void> tell(Self self);
  static Task<bool> tell_finished(Self self);
  static Task<bool> finish_batch(Self self, std::vector<Word> batch);
  static Task<bool> tell_rests(Self self);
  bool answer(Word& word, const Result<void>& told);

  net::Loop& home_;
  const std::shared_ptr<JobLog> log_;
  OnTold on_told_;
  std::vector<Word> finished_;
  std::map<LogPlace, Resting> resting_;
  std::vector<LogPlace> again_;
  net::Doorbell idle_;
  bool is_telling_ = false, stopping_ = false;
};

}  // namespace weft::queue
