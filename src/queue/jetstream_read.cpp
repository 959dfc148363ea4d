// JetstreamLog: who owns what, and how jobs are read.
#include <algorithm>
#include <charconv>

#include "queue/jetstream_log.hpp"

namespace weft::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kAttempts = 100;             // of a compare-and-set
constexpr milliseconds kLookEvery{2'000};  // a bell that was lost is noticed then
constexpr milliseconds kForgetAfter = std::chrono::minutes(10);  // nodes that ended

}  // namespace

// --- owning --------------------------------------------------------------------------------------

void JetstreamLog::begin(Part& part, InFlight before) {
  part.next = 1;
  part.held.clear();
  part.before = std::move(before);
  part.may_have_more = true;
  part.is_record_old = false;
  ++part.term;
}

/// What stands in its record: those it has, and those of an earlier owner that it has not read yet.
InFlight JetstreamLog::record_of(const Part& part) {
  InFlight record(part.before.lower_bound(part.next), part.before.end());
  record.insert(part.held.begin(), part.held.end());
  return record;
}

Task<Result<Holding>> JetstreamLog::claim(bool wants) {
  if (const error_code error = co_await ready()) co_return error;
  const Result<std::uint64_t> said =
      co_await nats::Bucket::put(bucket_, node_key(options_.me), node_text(wants, options_.lease));
  if (!said) co_return told(said.error());
  if (wants) {
    if (const error_code error = co_await take_more()) co_return error;
  }
  if (const error_code error = co_await settle_in()) co_return error;
  Holding holding;
  holding.contenders = ledger_.contenders();
  std::vector<unsigned> old;
  for (unsigned i = 0; i < parts_.size(); ++i) {
    if (parts_[i].is_owned) holding.owned.push_back(i);
    if (parts_[i].is_owned && parts_[i].is_record_old) old.push_back(i);
  }
  if (!old.empty()) co_await write_records(std::move(old));  // next time, if not now
  if (const auto gone = ledger_.forgotten(kForgetAfter)) bucket_->purge_unheard(node_key(*gone));
  co_return holding;
}

Task<error_code> JetstreamLog::take_more() {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::vector<NodeId> owners = ledger_.owners();
    const std::size_t share = fair_share(owners.size(), ledger_.contenders());
    auto mine = static_cast<std::size_t>(std::ranges::count(owners, options_.me));
    const std::size_t had = mine;
    for (NodeId& owner : owners) {
      if (mine >= share) break;
      if (owner == options_.me) continue;
      if (owner != NodeId::none && !ledger_.is_expired(owner)) continue;
      owner = options_.me;
      ++mine;
    }
    if (mine == had) co_return error_code{};
    const Result<std::uint64_t> taken = co_await nats::Bucket::put(
        bucket_, std::string(kOwnersKey), owners_text(owners), ledger_.owners_sequence());
    if (!taken) co_return told(taken.error());
    if (*taken) co_return error_code{};
  }
  co_return QueueErrc::timed_out;
}

/// Begins what the ledger says is ours by now, and forgets what is not any more.
Task<error_code> JetstreamLog::settle_in() {
  std::vector<unsigned> fresh;
  for (unsigned i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    if (owns(i) == part.is_owned) continue;
    if (owns(i)) {
      fresh.push_back(i);
    } else {
      part.is_owned = false;
      begin(part, {});
    }
  }
  if (fresh.empty()) co_return error_code{};
  Result<std::vector<InFlight>> all = co_await records();
  if (!all) co_return all.error();
  for (const unsigned i : fresh) {
    if (!owns(i) || parts_[i].is_owned) continue;
    begin(parts_[i], std::move((*all)[i]));
    parts_[i].is_owned = true;
  }
  bell_.ring();
  co_return error_code{};
}

Task<Result<void>> JetstreamLog::release(unsigned number, std::vector<std::uint64_t> unseen) {
  if (const error_code error = co_await ready()) co_return error;
  Part& part = parts_.at(number);
  if (!owns(number)) co_return Result<void>{};
  if (part.is_owned) {
    for (const std::uint64_t place : unseen) {
      const auto found = part.held.find(place - base_);
      if (found != part.held.end() && --found->second.attempts == 0) part.held.erase(found);
    }
    std::vector<unsigned> one;
    one.push_back(number);
    part.is_owned = false;  // nothing is read of it any more
    const error_code error = co_await write_records(std::move(one));
    if (error) {
      part.is_owned = true;
      co_return error;
    }
  }
  for (int attempt = 0; attempt < kAttempts && owns(number); ++attempt) {
    std::vector<NodeId> owners = ledger_.owners();
    owners[number] = NodeId::none;
    const Result<std::uint64_t> given = co_await nats::Bucket::put(
        bucket_, std::string(kOwnersKey), owners_text(owners), ledger_.owners_sequence());
    if (!given) co_return told(given.error());
  }
  begin(part, {});
  co_return Result<void>{};
}

// --- reading -------------------------------------------------------------------------------------

/// Somebody has appended to a partition.
void JetstreamLog::on_bell(const nats::Message& message) {
  unsigned number = 0;
  const std::string_view text = message.text();
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number >= parts_.size()) return;
  parts_[number].may_have_more = true;
  if (parts_[number].is_owned) bell_.ring();
}

/// Whether a bell was lost: on the way, or with the node that should have rung it.
Task<error_code> JetstreamLog::look_for_news() {
  const Result<State> seen = co_await state(false);
  if (!seen) co_return seen.error();
  if (seen->last == std::exchange(looked_at_, seen->last)) co_return error_code{};
  for (Part& part : parts_) part.may_have_more = true;
  co_return error_code{};
}

std::vector<unsigned> JetstreamLog::readable(const std::vector<unsigned>& partitions) const {
  std::vector<unsigned> mine;
  for (const unsigned i : partitions)
    if (i < parts_.size() && parts_[i].is_owned && owns(i)) mine.push_back(i);
  return mine;
}

/// At most `max` that may have something, another one first each time.
std::vector<unsigned> JetstreamLog::promising(const std::vector<unsigned>& partitions,
                                              std::size_t max) {
  std::vector<unsigned> some;
  for (std::size_t i = 0; i < partitions.size() && some.size() < max; ++i) {
    const unsigned number = partitions[(i + first_) % partitions.size()];
    if (parts_[number].may_have_more) some.push_back(number);
  }
  ++first_;
  return some;
}

Task<Result<std::vector<LogEntry>>> JetstreamLog::read(std::vector<unsigned> partitions,
                                                       std::size_t max, milliseconds wait) {
  const auto deadline = steady_clock::now() + wait;
  const std::uint64_t wakes = wakes_;
  Entries found;
  if (wait <= milliseconds(0)) {  // no time for a bell that is on its way
    if (const error_code error = co_await ready()) co_return error;
    if (const error_code error = co_await look_for_news()) co_return error;
  }
  for (;;) {
    const std::uint64_t rings = bell_.rings();
    if (const error_code error = co_await ready()) co_return error;
    if (is_reading_) {  // another call is at it: its answers come first
      co_await bell_.wait(rings, steady_clock::now() + kLookEvery);
      continue;
    }
    is_reading_ = true;
    const error_code error = co_await read_all(partitions, max, found);
    is_reading_ = false;
    if (error) co_return error;
    const bool is_over = steady_clock::now() >= deadline || wakes_ != wakes;
    if (!found.empty() || is_over || readable(partitions).empty()) break;
    co_await bell_.wait(rings, std::min(deadline, steady_clock::now() + kLookEvery));
    if (rings != bell_.rings()) continue;
    if (const error_code lost = co_await look_for_news()) co_return lost;
  }
  bell_.ring();  // for a call that waits for this one
  co_return found;
}

/// Reads rounds until there is enough or no more, and writes down what is in flight now.
Task<error_code> JetstreamLog::read_all(std::vector<unsigned> partitions, std::size_t max,
                                        Entries& found) {
  error_code error;
  while (!error && found.size() < max) {
    std::vector<unsigned> some = promising(readable(partitions), max - found.size());
    if (some.empty()) break;
    error = co_await read_round(std::move(some), found);
  }
  std::vector<unsigned> touched;
  for (const LogEntry& entry : found) {
    if (std::ranges::find(touched, entry.place.partition) == touched.end())
      touched.push_back(entry.place.partition);
  }
  if (!error && !touched.empty()) error = co_await write_records(std::move(touched));
  if (error) put_back(std::exchange(found, {}));
  std::ranges::stable_sort(found, {}, &LogEntry::place);
  co_return error;
}

/// One job of each.
Task<error_code> JetstreamLog::read_round(std::vector<unsigned> partitions, Entries& found) {
  std::vector<nats::Request> requests;
  std::vector<unsigned> terms;
  for (const unsigned i : partitions) {
    parts_[i].may_have_more = false;  // unless a bell rings meanwhile, or there is one
    terms.push_back(parts_[i].term);
    requests.push_back(to_get(i, parts_[i].next));
  }
  const auto answers = co_await ask(std::move(requests));
  for (std::size_t k = 0; k < partitions.size(); ++k) {
    Part& part = parts_[partitions[k]];
    if (!answers) part.may_have_more = true;
    if (!answers || part.term != terms[k]) continue;
    auto job = (*answers)[k].status() == 0 ? parse_job((*answers)[k]) : std::nullopt;
    if (!job || job->sequence < part.next) continue;
    part.may_have_more = true;
    part.next = job->sequence + 1;
    job->entry.place = {partitions[k], place_of(job->sequence)};
    job->entry.age = ledger_.age_of(job->stored_ns);
    const auto earlier = part.before.find(job->sequence);
    Flight flight = earlier == part.before.end() ? Flight{} : earlier->second;
    job->entry.attempt = flight.attempts + 1;
    if (const auto left = flight.due - steady_clock::now(); left > left.zero()) {
      job->entry.rest = std::chrono::ceil<milliseconds>(left);
    } else {
      flight = {job->entry.attempt};
    }
    part.held[job->sequence] = flight;
    found.push_back(std::move(job->entry));
  }
  co_return answers ? error_code{} : answers.error();
}

/// They were not handed over: the next read() finds them again.
void JetstreamLog::put_back(const Entries& entries) {
  for (const LogEntry& entry : entries) {
    Part& part = parts_[entry.place.partition];
    const auto sequence = sequence_of(entry.place);
    if (!sequence || part.held.erase(*sequence) == 0) continue;
    part.next = std::min(part.next, *sequence);
    part.may_have_more = true;
  }
}

}  // namespace weft::queue
