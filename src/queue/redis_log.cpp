#include "queue/redis_log.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "queue/redis_log_entry.hpp"
#include "queue/redis_log_scripts.hpp"

namespace weft::queue {
namespace {

using redis::Reply;
using std::chrono::steady_clock;

const redis::Script kAppend(scripts::kAppend), kErase(scripts::kErase), kAgain(scripts::kAgain),
    kRest(scripts::kRest), kPing("return 1");

redis::RedisOptions impatient(redis::RedisOptions options) {
  options.timeout = std::min<Millis>(options.timeout, std::chrono::seconds(2));
  options.longest_wait = Millis(500);
  return options;
}

redis::RedisOptions blocking(redis::RedisOptions options, Millis time) {
  options = impatient(std::move(options));
  options.blocking = time;
  return options;
}

}  // namespace

RedisLog::RedisLog(net::Loop& home, redis::RedisOptions redis, std::string prefix,
                   LogOptions options)
    : home_(home),
      base_(std::move(prefix) + "{q:" + options.topic + "}:"),
      me_(to_string(options.me)),
      options_(std::move(options)),
      client_(std::in_place, home, impatient(redis)),
      watch_(std::make_shared<Watch>()),
      parts_(options_.partitions) {
  watch_->client.emplace(home, blocking(std::move(redis), kLongestBlock));
}

Task<Result<Reply>> RedisLog::run(const redis::Script& script, Words more) {
  more.insert(more.begin(), base_);
  for (bool in_full = false;; in_full = true) {
    if (stopped_) co_return QueueErrc::stopped;
    Words words = in_full ? script.in_full(more) : script.by_hash(more);
    auto reply = co_await redis::ask(*client_, std::move(words));
    if (stopped_) co_return QueueErrc::stopped;
    if (!reply && reply.error() == redis::RedisErrc::timed_out) co_return QueueErrc::timed_out;
    if (!reply) co_return QueueErrc::unavailable;
    if (reply->kind != Reply::Kind::error) co_return reply;
    if (redis::Script::is_unknown(*reply) && !in_full) continue;
    static thread_local log::Limiter limiter(std::chrono::seconds(1));
    if (limiter.pass(steady_clock::now()))
      log::error("queue {}: Redis answered: {}", options_.topic, reply->text);
    break;
  }
  co_return QueueErrc::unavailable;
}

// --- appending ---

Task<Result<Appended>> RedisLog::append(unsigned partition, std::vector<NewJob> jobs) {
  Words words;
  words.reserve(5 + 6 * jobs.size());
  words.push_back(std::to_string(partition));
  words.push_back(me_);
  words.push_back(std::to_string(options_.max_items));
  words.push_back(std::to_string(options_.max_bytes));
  for (const NewJob& job : jobs) {
    words.push_back(std::to_string(job.number));
    words.push_back(to_string(job.connection));
    words.emplace_back(job.data.text());
    words.push_back(job.death ? job.death->topic : "");
    words.push_back(job.death ? job.death->why : "");
    words.push_back(job.death ? std::to_string(job.death->job) : "");
  }
  const auto reply = co_await run(kAppend, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->list.size() != 2) co_return QueueErrc::unavailable;
  Appended appended;
  appended.stored = std::min<std::size_t>(number_of(reply->list[0]), jobs.size());
  appended.depth = number_of(reply->list[1]);
  co_return appended;
}

// --- settling ---

RedisLog::Words RedisLog::words_of(const std::vector<LogPlace>& places) {
  Words words;
  for (const LogPlace place : places) {
    words.push_back(std::to_string(place.partition));
    words.push_back(std::to_string(place.sequence));
  }
  return words;
}

Task<Result<void>> RedisLog::ack(std::vector<LogPlace> places) {
  if (places.empty()) co_return Result<void>{};
  Words words = words_of(places);
  words.insert(words.begin(), me_);
  const auto reply = co_await run(kErase, std::move(words));
  if (!reply) co_return reply.error();
  for (const LogPlace place : places) parts_[place.partition].known.erase(place.sequence);
  if (reply->list.size() != 2) co_return QueueErrc::unavailable;
  if (number_of(reply->list[0]) < places.size()) co_return QueueErrc::not_owner;
  co_return Result<void>{};
}

Task<Result<void>> RedisLog::again(std::vector<LogPlace> places) {
  Words words = words_of(places);
  words.insert(words.begin(), me_);
  const auto reply = co_await run(kAgain, std::move(words));
  if (!reply) co_return reply.error();
  co_return Result<void>{};
}

Task<Result<void>> RedisLog::rest(std::vector<Rest> rests) {
  if (rests.empty()) co_return Result<void>{};
  Words words;
  words.push_back(me_);
  for (const Rest& one : rests) {
    words.push_back(std::to_string(one.place.partition));
    words.push_back(std::to_string(one.place.sequence));
    words.push_back(std::to_string(one.time.count()));
  }
  const auto reply = co_await run(kRest, std::move(words));
  if (!reply) co_return reply.error();
  if (number_of(*reply) < rests.size()) co_return QueueErrc::not_owner;
  co_return Result<void>{};
}

/// A script that does nothing: a server that refuses scripts is of no use either.
Task<Result<void>> RedisLog::ping() {
  const auto reply = co_await run(kPing, Words());
  if (!reply) co_return reply.error();
  co_return Result<void>{};
}

Task<Result<std::size_t>> RedisLog::remove(std::vector<LogPlace> places) {
  Words words = words_of(places);
  words.insert(words.begin(), "");
  const auto reply = co_await run(kErase, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->list.size() != 2) co_return QueueErrc::unavailable;
  co_return static_cast<std::size_t>(number_of(reply->list[1]));
}

void RedisLog::set_limits(std::size_t max_items, std::size_t max_bytes) {
  options_.max_items = max_items;
  options_.max_bytes = max_bytes;
}

void RedisLog::stop() {
  stopped_ = true;
  client_.reset();
  watch_->client.reset();
  watch_->came.ring();
}

}  // namespace weft::queue
