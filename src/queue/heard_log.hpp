// HeardLog: a door to any log that knows whether the log answers. On the log's loop.
#pragma once
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "queue/job_log.hpp"

namespace weft::queue {

class HeardLog final : public JobLog {
 public:
  /// Said when it begins and when it ceases to answer. Nothing was heard = it does not.
  using OnChange = std::function<void(bool is_up)>;

  HeardLog(std::unique_ptr<JobLog> log, OnChange on_change);

  /// Nothing came back for so long.
  bool is_quiet_for(Millis time) const;

  Task<Result<Appended>> append(unsigned partition, std::vector<NewJob> jobs) override;
  Task<Result<Holding>> claim(bool wants) override;
  Task<Result<void>> release(unsigned partition, std::vector<std::uint64_t> unseen) override;
  Task<Result<std::vector<LogEntry>>> read(std::vector<unsigned> partitions, std::size_t max,
                                           Millis wait) override;
  void wake() override { log_->wake(); }
  Task<Result<void>> ack(std::vector<LogPlace> places) override;
  Task<Result<void>> again(std::vector<LogPlace> places) override;
  Task<Result<void>> rest(std::vector<Rest> rests) override;
  Task<Result<LogStatus>> status() override;
  Task<Result<std::vector<LogEntry>>> peek(std::size_t limit) override;
  Task<Result<std::size_t>> remove(std::vector<LogPlace> places) override;
  Task<Result<std::size_t>> purge() override;
  Task<Result<void>> ping() override;
  void set_limits(std::size_t max_items, std::size_t max_bytes) override {
    log_->set_limits(max_items, max_bytes);
  }
  void stop() override { log_->stop(); }

 private:
  /// Outlives the door as long as a call is under way.
  struct Ear {
    OnChange on_change;
    bool is_up = false;
    SteadyTime heard = {};
    void note(error_code error);
  };
  template <class Value>
  static Task<Result<Value>> heard(std::shared_ptr<Ear> ear, Task<Result<Value>> call);

  const std::unique_ptr<JobLog> log_;
  const std::shared_ptr<Ear> ear_;
};

}  // namespace weft::queue
