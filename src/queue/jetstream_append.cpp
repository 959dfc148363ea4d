// JetstreamLog: how jobs come in.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "queue/jetstream_log.hpp"

namespace weft::queue {
namespace {

/// With less room than this others may fill the topic meanwhile: then one after the other.
constexpr std::size_t kNearlyFull = 1'000;
constexpr std::size_t kRoomForHeaders = 1'024;

}  // namespace

nats::Request JetstreamLog::to_store(unsigned partition, const NewJob& job) const {
  std::string id = fmt::format("{}.{:02}.{:020}", to_string(options_.me), partition, job.number);
  const auto& tries = parts_[partition].tries;
  if (const auto used = tries.find(job.number); used != tries.end())
    id += fmt::format(".{}", used->second);
  return message_of(subject_of(partition), job, std::move(id));
}

/// How many of `jobs` are stored already, may be, or fit by their bytes.
std::size_t JetstreamLog::fitting(const Part& part, const std::vector<NewJob>& jobs,
                                  std::uint64_t used) const {
  const std::size_t greatest = bucket_->client().status().max_payload - kRoomForHeaders;
  std::size_t count = 0;
  for (const NewJob& job : jobs) {
    if (job.number > part.uncertain) {
      used += job.data.size();
      if (used > options_.max_bytes || job.data.size() > greatest) break;
    }
    ++count;
  }
  return count;
}

Task<Result<Appended>> JetstreamLog::append(unsigned number, std::vector<NewJob> jobs) {
  if (const error_code error = co_await ready()) co_return error;
  const Result<State> before = co_await state(false);
  if (!before) co_return before.error();
  Part& part = parts_.at(number);
  jobs.erase(jobs.begin() + static_cast<long>(fitting(part, jobs, data_bytes(*before))),
             jobs.end());
  Appended appended;
  appended.depth = before->items;
  const auto is_stored = [&part](const NewJob& job) { return job.number <= part.stored; };
  const auto first = std::ranges::find_if_not(jobs, is_stored);
  appended.stored = static_cast<std::size_t>(first - jobs.begin());
  jobs.erase(jobs.begin(), first);
  if (jobs.empty()) co_return appended;

  part.uncertain = std::max(part.uncertain, jobs.back().number);
  std::vector<std::uint64_t> numbers;
  for (const NewJob& job : jobs) numbers.push_back(job.number);
  const bool has_room = before->items + jobs.size() + kNearlyFull <= options_.max_items;
  Result<std::vector<Fate>> fates = std::vector<Fate>();
  if (has_room)
    fates = co_await publish(number, std::move(jobs));
  else
    fates = co_await publish_one_by_one(number, std::move(jobs));
  if (!fates) co_return fates.error();
  for (std::size_t i = 0; i < fates->size() && (*fates)[i] != Fate::full; ++i) {
    ++appended.stored;
    if ((*fates)[i] == Fate::stored) ++appended.depth;
    part.stored = std::max(part.stored, numbers[i]);
    part.tries.erase(numbers[i]);
  }
  part.uncertain = part.stored;
  part.may_have_more = true;
  const std::string which = std::to_string(number);
  bucket_->client().publish(bell_subject_, as_bytes(which));
  co_return appended;
}

/// All at once: there is room. When somebody else has filled it all the same, what found room
/// behind one that did not is taken back.
Task<Result<std::vector<JetstreamLog::Fate>>> JetstreamLog::publish(unsigned partition,
                                                                    std::vector<NewJob> jobs) {
  std::vector<nats::Request> requests;
  for (const NewJob& job : jobs) requests.push_back(to_store(partition, job));
  const auto answers = co_await ask(std::move(requests));
  if (!answers) co_return answers.error();
  std::vector<Fate> fates;
  Sequences too_early, their_numbers;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    std::uint64_t sequence = 0;
    const Result<Fate> fate = fate_of((*answers)[i], sequence);
    if (!fate) co_return fate.error();
    const bool is_behind = !fates.empty() && fates.back() == Fate::full;
    if (is_behind && *fate != Fate::full) {
      too_early.push_back(sequence);
      their_numbers.push_back(jobs[i].number);
    }
    fates.push_back(is_behind ? Fate::full : *fate);
  }
  if (!too_early.empty()) {
    const error_code error =
        co_await take_back(partition, std::move(too_early), std::move(their_numbers));
    if (error) co_return error;
  }
  co_return fates;
}

Task<error_code> JetstreamLog::take_back(unsigned partition, Sequences sequences,
                                         Sequences numbers) {
  const Result<std::size_t> erased = co_await erase(std::move(sequences));
  if (!erased) co_return erased.error();
  for (const std::uint64_t number : numbers) ++parts_[partition].tries[number];
  co_return error_code{};
}

Task<Result<std::vector<JetstreamLog::Fate>>> JetstreamLog::publish_one_by_one(
    unsigned partition, std::vector<NewJob> jobs) {
  std::vector<Fate> fates;
  for (const NewJob& job : jobs) {
    nats::Request request = to_store(partition, job);
    std::vector<nats::Request> one;
    one.push_back(std::move(request));
    const auto answers = co_await ask(std::move(one));
    if (!answers) co_return answers.error();
    std::uint64_t sequence = 0;
    const Result<Fate> fate = fate_of(answers->front(), sequence);
    if (!fate) co_return fate.error();
    fates.push_back(*fate);
    if (*fate == Fate::full) break;
  }
  co_return fates;
}

Result<JetstreamLog::Fate> JetstreamLog::fate_of(const nats::Message& message,
                                                 std::uint64_t& sequence) {
  const nats::JsAnswer answer = nats::parse_js_answer(message.text());
  sequence = nats::number_in(answer.object, "seq");
  if (answer.error == 0 && sequence > 0) {
    const auto* const again = answer.object.if_contains("duplicate");
    return again && again->is_bool() && again->as_bool() ? Fate::known : Fate::stored;
  }
  const bool is_full =
      answer.error == nats::kStreamFull && answer.text.find("maximum") != std::string::npos;
  if (is_full) return Fate::full;
  log::error("queue {}: JetStream does not store: {}", options_.topic, answer.text);
  return QueueErrc::unavailable;
}

}  // namespace weft::queue
