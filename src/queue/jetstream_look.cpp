// JetstreamLog: what people see of a topic, and take out.
#include <algorithm>

#include "queue/jetstream_log.hpp"

namespace weft::queue {

std::uint64_t JetstreamLog::data_bytes(const State& state) const {
  const nats::Request sample = to_store(0, {});
  const std::uint64_t around = state.items * overhead(sample.subject, sample.headers[0].value);
  return state.bytes > around ? state.bytes - around : 0;
}

Task<Result<void>> JetstreamLog::ping() {
  if (const error_code error = co_await ready()) co_return error;
  const Result<State> seen = co_await state(false);
  if (!seen) co_return seen.error();
  co_return Result<void>{};
}

Task<Result<LogStatus>> JetstreamLog::status() {
  if (const error_code error = co_await ready()) co_return error;
  const Result<State> seen = co_await state(true);
  if (!seen) co_return seen.error();
  const Result<std::vector<InFlight>> all = co_await records();
  if (!all) co_return all.error();
  LogStatus status;
  status.items = seen->items;
  status.bytes = data_bytes(*seen);
  if (seen->first_ns) status.oldest = ledger_.age_of(seen->first_ns);
  for (unsigned i = 0; i < parts_.size(); ++i) {
    if (ledger_.owner(i) == NodeId::none) continue;
    const auto found = seen->by_subject.find(subject_of(i));
    const std::size_t there = found == seen->by_subject.end() ? 0 : found->second;
    const InFlight& in_flight = parts_[i].is_owned ? parts_[i].held : (*all)[i];
    status.in_flight += std::min(there, in_flight.size());  // a record may name some that are done
  }
  co_return status;
}

Task<Result<std::vector<LogEntry>>> JetstreamLog::peek(std::size_t limit) {
  if (const error_code error = co_await ready()) co_return error;
  const Result<std::vector<InFlight>> all = co_await records();
  if (!all) co_return all.error();
  std::vector<Entries> found(parts_.size());
  Sequences next(parts_.size(), 1);  // 0 = it has no more
  const std::size_t each = (limit + parts_.size() - 1) / parts_.size();
  for (std::size_t round = 0; round < each; ++round) {
    std::vector<unsigned> asked;
    std::vector<nats::Request> requests;
    for (unsigned i = 0; i < parts_.size(); ++i) {
      if (next[i] == 0) continue;
      asked.push_back(i);
      requests.push_back(to_get(i, next[i]));
    }
    if (asked.empty()) break;
    const auto answers = co_await ask(std::move(requests));
    if (!answers) co_return answers.error();
    for (std::size_t k = 0; k < asked.size(); ++k) {
      const unsigned i = asked[k];
      auto job = (*answers)[k].status() == 0 ? parse_job((*answers)[k]) : std::nullopt;
      next[i] = job ? job->sequence + 1 : 0;
      if (!job) continue;
      const InFlight& record = parts_[i].is_owned ? parts_[i].held : (*all)[i];
      const auto known = record.find(job->sequence);
      job->entry.place = {i, place_of(job->sequence)};
      job->entry.age = ledger_.age_of(job->stored_ns);
      job->entry.attempt = known == record.end() ? 0 : known->second.attempts;
      found[i].push_back(std::move(job->entry));
    }
  }
  Entries entries;
  for (Entries& some : found) std::ranges::move(some, std::back_inserter(entries));
  if (entries.size() > limit)
    entries.erase(entries.begin() + static_cast<long>(limit), entries.end());
  co_return entries;
}

Task<Result<std::size_t>> JetstreamLog::remove(std::vector<LogPlace> places) {
  if (const error_code error = co_await ready()) co_return error;
  Sequences sequences;
  for (const LogPlace& place : places)
    if (const auto sequence = sequence_of(place)) sequences.push_back(*sequence);
  co_return co_await erase(std::move(sequences));
}

Task<Result<std::size_t>> JetstreamLog::purge() {
  if (const error_code error = co_await ready()) co_return error;
  boost::json::object everything;
  const Result<nats::JsAnswer> answer = co_await call("STREAM.PURGE", std::move(everything));
  if (!answer) co_return answer.error();
  if (answer->error != 0) co_return QueueErrc::unavailable;
  co_return static_cast<std::size_t>(nats::number_in(answer->object, "purged"));
}

}  // namespace weft::queue
