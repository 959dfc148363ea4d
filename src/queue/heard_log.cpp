#include "queue/heard_log.hpp"

namespace weft::queue {

using std::chrono::steady_clock;

HeardLog::HeardLog(std::unique_ptr<JobLog> log, OnChange on_change)
    : log_(std::move(log)), ear_(std::make_shared<Ear>()) {
  ear_->on_change = std::move(on_change);
}

bool HeardLog::is_quiet_for(Millis time) const { return steady_clock::now() - ear_->heard >= time; }

void HeardLog::Ear::note(error_code error) {
  if (error == QueueErrc::stopped) return;
  heard = steady_clock::now();
  const bool answers = error != QueueErrc::unavailable && error != QueueErrc::timed_out;
  if (std::exchange(is_up, answers) != answers && on_change) on_change(answers);
}

template <class Value>
Task<Result<Value>> HeardLog::heard(std::shared_ptr<Ear> ear, Task<Result<Value>> call) {
  Result<Value> result = co_await std::move(call);
  ear->note(result ? error_code{} : result.error());
  co_return result;
}

Task<Result<Appended>> HeardLog::append(unsigned partition, std::vector<NewJob> jobs) {
  return heard(ear_, log_->append(partition, std::move(jobs)));
}

Task<Result<Holding>> HeardLog::claim(bool wants) { return heard(ear_, log_->claim(wants)); }

Task<Result<void>> HeardLog::release(unsigned partition, std::vector<std::uint64_t> unseen) {
  return heard(ear_, log_->release(partition, std::move(unseen)));
}

Task<Result<std::vector<LogEntry>>> HeardLog::read(std::vector<unsigned> partitions,
                                                   std::size_t max, Millis wait) {
  return heard(ear_, log_->read(std::move(partitions), max, wait));
}

Task<Result<void>> HeardLog::ack(std::vector<LogPlace> places) {
  return heard(ear_, log_->ack(std::move(places)));
}

Task<Result<void>> HeardLog::again(std::vector<LogPlace> places) {
  return heard(ear_, log_->again(std::move(places)));
}

Task<Result<void>> HeardLog::rest(std::vector<Rest> rests) {
  return heard(ear_, log_->rest(std::move(rests)));
}

Task<Result<LogStatus>> HeardLog::status() { return heard(ear_, log_->status()); }

Task<Result<std::vector<LogEntry>>> HeardLog::peek(std::size_t limit) {
  return heard(ear_, log_->peek(limit));
}

Task<Result<std::size_t>> HeardLog::remove(std::vector<LogPlace> places) {
  return heard(ear_, log_->remove(std::move(places)));
}

Task<Result<std::size_t>> HeardLog::purge() { return heard(ear_, log_->purge()); }

Task<Result<void>> HeardLog::ping() { return heard(ear_, log_->ping()); }

}  // namespace weft::queue
