#include "queue/jetstream_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"

namespace weft::queue {
namespace {

namespace json = boost::json;

constexpr Millis kTimeout{3'000};
constexpr std::size_t kAtOnce = 256;                 // requests under way
constexpr std::int64_t kKnownFor = 120'000'000'000;  // ns: the server's window of message ids
/// What a deletion says of a message that is gone: at the stream's ends, between others, any.
constexpr int kGone[] = {10057, 10043, nats::kMessageNotFound};

std::string bucket_of(const std::string& prefix, const std::string& topic) {
  return nats::token_of(prefix) + "_Q_" + nats::token_of(topic);
}

}  // namespace

JetstreamLog::JetstreamLog(net::Loop& home, nats::NatsOptions server, const std::string& prefix,
                           LogOptions options)
    : options_(std::move(options)),
      stream_(bucket_of(prefix, options_.topic)),
      root_(nats::token_of(prefix) + ".q." + nats::token_of(options_.topic) + "."),
      bell_subject_(nats::token_of(prefix) + ".qb." + nats::token_of(options_.topic)),
      ledger_(options_.partitions),
      bucket_(nats::Bucket::make(home, std::move(server), stream_, ledger_)),
      parts_(options_.partitions) {
  bucket_->client().subscribe(bell_subject_,
                              [this](const nats::Message& message) { on_bell(message); });
}

void JetstreamLog::stop() {
  stopped_ = true;
  bucket_->stop();
  bell_.ring();
}

void JetstreamLog::wake() {
  ++wakes_;
  bell_.ring();
}

void JetstreamLog::set_limits(std::size_t max_items, std::size_t max_bytes) {
  options_.max_items = max_items;
  options_.max_bytes = max_bytes;
  is_made_ = false;  // the stream has to hear of it
}

// --- asking --------------------------------------------------------------------------------------

error_code JetstreamLog::told(error_code error) {
  if (!error) return error;
  if (stopped_ || error == nats::NatsErrc::stopped) return QueueErrc::stopped;
  if (error == nats::NatsErrc::no_responders) is_made_ = false;
  const bool is_open = error == nats::NatsErrc::timed_out || error == nats::NatsErrc::lost;
  return is_open ? QueueErrc::timed_out : QueueErrc::unavailable;
}

Task<Result<nats::JsAnswer>> JetstreamLog::call(std::string what, json::object request) {
  Result<nats::JsAnswer> answer =
      co_await nats::js_call(bucket_->client(), what + "." + stream_, std::move(request), kTimeout);
  if (!answer) co_return told(answer.error());
  if (answer->error == nats::kStreamNotFound) is_made_ = false;
  co_return answer;
}

Task<Result<std::vector<nats::Message>>> JetstreamLog::ask(std::vector<nats::Request> requests) {
  auto answers = co_await bucket_->client().request_all(std::move(requests), kTimeout);
  if (!answers) co_return told(answers.error());
  for (const nats::Message& answer : *answers) {
    if (answer.status() == 503) co_return told(nats::NatsErrc::no_responders);
  }
  co_return answers;
}

Task<error_code> JetstreamLog::ready() {
  if (stopped_) co_return QueueErrc::stopped;
  if (const error_code error = co_await nats::Bucket::ready(bucket_)) co_return told(error);
  if (is_made_) co_return error_code{};
  co_return co_await make_stream();
}

Task<error_code> JetstreamLog::make_stream() {
  json::object config;
  config["name"] = stream_;
  config["subjects"] = json::array{root_ + "*"};
  config["retention"] = "limits";
  config["storage"] = "file";
  config["discard"] = "new";
  config["max_msgs"] = options_.max_items;
  config["allow_direct"] = true;
  config["duplicate_window"] = kKnownFor;
  config["num_replicas"] = 1;
  Result<nats::JsAnswer> answer = co_await call("STREAM.CREATE", config);
  if (answer && answer->error == nats::kStreamExists) {
    // Everything else is as its operator wants it. A bound below what is stored would delete jobs.
    json::object nothing;
    answer = co_await call("STREAM.INFO", std::move(nothing));
    if (!answer) co_return answer.error();
    config = nats::object_in(answer->object, "config");
    const std::uint64_t items =
        nats::number_in(nats::object_in(answer->object, "state"), "messages");
    config["max_msgs"] = std::max<std::uint64_t>(options_.max_items, items);
    answer = co_await call("STREAM.UPDATE", std::move(config));
  }
  if (!answer) co_return answer.error();
  if (answer->error != 0) {
    log::error("queue {}: JetStream refuses its stream: {}", options_.topic, answer->text);
    co_return QueueErrc::unavailable;
  }
  const json::value* const created = answer->object.if_contains("created");
  const std::int64_t born_ns =
      created && created->is_string() ? nats::parse_js_time(created->as_string()) : 0;
  // 16 numbers for each millisecond of its life: a stream that was lost and made anew goes on
  // above.
  const std::int64_t born = std::max<std::int64_t>(0, born_ns / 1'000'000 - kEpoch2026);
  const std::uint64_t base = static_cast<std::uint64_t>(born) * 16;
  if (base != std::exchange(base_, base)) {
    for (Part& part : parts_) begin(part, {});
  }
  is_made_ = true;
  co_return error_code{};
}

Task<Result<JetstreamLog::State>> JetstreamLog::state(bool by_subject) {
  json::object request;
  if (by_subject) request["subjects_filter"] = root_ + "*";
  const Result<nats::JsAnswer> answer = co_await call("STREAM.INFO", std::move(request));
  if (!answer) co_return answer.error();
  if (answer->error != 0) co_return QueueErrc::unavailable;
  const json::object& object = nats::object_in(answer->object, "state");
  State state;
  state.items = nats::number_in(object, "messages");
  state.bytes = nats::number_in(object, "bytes");
  state.last = nats::number_in(object, "last_seq");
  const json::value* const first = object.if_contains("first_ts");
  if (first && first->is_string() && state.items > 0)
    state.first_ns = nats::parse_js_time(first->as_string());
  for (const auto& [subject, count] : nats::object_in(object, "subjects")) {
    if (count.is_number()) state.by_subject[subject] = count.to_number<std::uint64_t>();
  }
  co_return state;
}

Task<Result<std::size_t>> JetstreamLog::erase(Sequences sequences) {
  std::size_t erased = 0;
  for (std::size_t from = 0; from < sequences.size(); from += kAtOnce) {
    std::vector<nats::Request> requests;
    const std::size_t stop = std::min(sequences.size(), from + kAtOnce);
    for (std::size_t i = from; i < stop; ++i) {
      json::object request;
      request["seq"] = sequences[i];
      request["no_erase"] = true;
      requests.push_back({"$JS.API.STREAM.MSG.DELETE." + stream_, json::serialize(request)});
    }
    const auto answers = co_await ask(std::move(requests));
    if (!answers) co_return answers.error();
    for (const nats::Message& message : *answers) {
      const nats::JsAnswer answer = nats::parse_js_answer(message.text());
      if (answer.error == 0) ++erased;
      const bool was_gone = std::ranges::count(kGone, answer.error) > 0;
      if (answer.error != 0 && !was_gone) co_return QueueErrc::unavailable;
    }
  }
  co_return erased;
}

Task<Result<std::vector<InFlight>>> JetstreamLog::records() {
  std::vector<nats::Request> requests;
  for (unsigned i = 0; i < parts_.size(); ++i) {
    requests.push_back(bucket_->to_get(in_flight_key(i)));
  }
  const auto answers = co_await ask(std::move(requests));
  if (!answers) co_return answers.error();
  std::vector<InFlight> all;
  for (const nats::Message& answer : *answers) {
    if (answer.status() != 0) {
      all.emplace_back();
      continue;
    }
    const Millis age = ledger_.age_of(nats::parse_js_time(answer.header("Nats-Time-Stamp")));
    all.push_back(parse_in_flight(answer.text(), std::chrono::steady_clock::now() - age));
  }
  co_return all;
}

Task<error_code> JetstreamLog::write_records(std::vector<unsigned> partitions) {
  std::vector<nats::Request> requests;
  for (const unsigned i : partitions) {
    requests.push_back(bucket_->to_put(
        in_flight_key(i), text_of(record_of(parts_[i]), std::chrono::steady_clock::now())));
    parts_[i].is_record_old = false;
  }
  const error_code error = co_await nats::Bucket::all(bucket_, std::move(requests));
  if (error)
    for (const unsigned i : partitions) parts_[i].is_record_old = true;
  co_return told(error);
}

std::string JetstreamLog::subject_of(unsigned partition) const {
  return fmt::format("{}{:02}", root_, partition);
}

std::optional<std::uint64_t> JetstreamLog::sequence_of(const LogPlace& place) const {
  if (place.sequence <= base_ || place.partition >= parts_.size()) return std::nullopt;
  return place.sequence - base_;
}

nats::Request JetstreamLog::to_get(unsigned partition, std::uint64_t from) const {
  json::object request;
  request["seq"] = from;
  request["next_by_subj"] = subject_of(partition);
  return {"$JS.API.DIRECT.GET." + stream_, json::serialize(request)};
}

// --- settling ------------------------------------------------------------------------------------

Task<Result<void>> JetstreamLog::ack(std::vector<LogPlace> places) {
  if (const error_code error = co_await ready()) co_return error;
  Sequences sequences;
  std::size_t owned = 0;
  for (const LogPlace& place : places) {
    const auto sequence = sequence_of(place);
    if (place.partition >= parts_.size() || !owns(place.partition)) continue;
    ++owned;
    if (sequence) sequences.push_back(*sequence);
  }
  if (owned < places.size()) co_return QueueErrc::not_owner;
  const Result<std::size_t> erased = co_await erase(std::move(sequences));
  if (!erased) co_return erased.error();
  for (const LogPlace& place : places) {
    if (place.partition >= parts_.size() || place.sequence <= base_) continue;
    Part& part = parts_[place.partition];
    if (part.held.erase(place.sequence - base_)) part.is_record_old = true;
  }
  co_return Result<void>{};
}

Flight* JetstreamLog::held(LogPlace place) {
  const auto sequence = sequence_of(place);
  if (!sequence) return nullptr;
  InFlight& held = parts_[place.partition].held;
  const auto found = held.find(*sequence);
  return found == held.end() ? nullptr : &found->second;
}

Task<Result<void>> JetstreamLog::again(std::vector<LogPlace> places) {
  if (const error_code error = co_await ready()) co_return error;
  std::set<unsigned> touched;
  for (const LogPlace& place : places) {
    Flight* const flight = held(place);
    if (!flight) continue;
    ++flight->attempts;
    flight->due = {};
    touched.insert(place.partition);
  }
  std::vector<unsigned> records(touched.begin(), touched.end());
  if (const error_code error = co_await write_records(std::move(records))) co_return error;
  co_return Result<void>{};
}

Task<Result<void>> JetstreamLog::rest(std::vector<Rest> rests) {
  if (const error_code error = co_await ready()) co_return error;
  std::set<unsigned> touched;
  std::size_t owned = 0;
  for (const Rest& one : rests) {
    if (one.place.partition >= parts_.size() || !owns(one.place.partition)) continue;
    ++owned;
    Flight* const flight = held(one.place);
    if (!flight) continue;
    flight->due = std::chrono::steady_clock::now() + one.time;
    touched.insert(one.place.partition);
  }
  if (owned < rests.size()) co_return QueueErrc::not_owner;
  std::vector<unsigned> records(touched.begin(), touched.end());
  if (const error_code error = co_await write_records(std::move(records))) co_return error;
  co_return Result<void>{};
}

}  // namespace weft::queue
