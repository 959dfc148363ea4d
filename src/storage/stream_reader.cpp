#include "storage/stream_reader.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "storage/message_entry.hpp"
#include "storage/redis_message_scripts.hpp"
#include "storage/row_text.hpp"

namespace weft::storage {
namespace {

using redis::RedisErrc;
using redis::Reply;
using std::chrono::steady_clock;

constexpr const char *kGroup = "weft", *kConsumer = "node";
constexpr Millis kBlock{1'000};                            // one read waits for so long
constexpr Millis kPause{100};                              // after a failure
constexpr Millis kClockAge{10'000};                        // then Redis is asked for its time again
constexpr std::size_t kMaxBytes = 64 << 20;                // of messages in the lanes
constexpr std::size_t kAckBatch = 1000, kBuryBatch = 200;  // ids of one script

redis::RedisOptions blocking(redis::RedisOptions options) {
  options.blocking = kBlock;
  return options;
}

}  // namespace

StreamReader::StreamReader(net::Loop& home, const RedisMessageOptions& options,
                           std::shared_ptr<RedisDoor> door)
    : home_(home),
      key_(options.prefix + "messages:" + std::to_string(options.slot)),
      slot_(std::to_string(options.slot)),
      max_dead_(std::to_string(options.max_dead)),
      max_items_(options.max_items),
      door_(std::move(door)),
      blocking_options_(blocking(options.redis)) {}

void StreamReader::start() {
  if (std::exchange(started_, true)) return;
  blocking_ = std::make_unique<redis::RedisClient>(home_, blocking_options_);
  boost::asio::co_spawn(home_.context(), run(shared_from_this()), boost::asio::detached);
}

void StreamReader::stop() {
  stopped_ = started_ = true;
  blocking_.reset();
  door_->stop();
  changed.ring();
}

Time StreamReader::redis_now() const {
  return Time(std::chrono::floor<Millis>(steady_clock::now().time_since_epoch()) + clock_offset_);
}

bool StreamReader::is_full() const {
  return lanes.size() >= max_items_ || lanes.bytes() >= kMaxBytes;
}

Task<void> StreamReader::run(Self self) {
  while (!self->stopped_) {
    const Result<void> done = co_await step(self);
    self->is_well_ = done.has_value();
    if (done) continue;
    self->must_recover_ = true;
    if (!self->stopped_) co_await pause(self, kPause);
  }
}

Task<void> StreamReader::pause(Self self, Millis time) {
  boost::asio::steady_timer timer(self->home_.context(), time);
  co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

Task<Result<void>> StreamReader::step(Self self) {
  if (steady_clock::now() - self->clock_set_ >= kClockAge) {
    const auto done = co_await set_clock(self);
    if (!done) co_return done;
  }
  if (self->must_recover_) co_return co_await recover(self);
  const std::uint64_t rings = self->changed.rings();
  if (!self->is_full()) co_return co_await read_new(self);
  self->is_well_ = true;
  co_await self->changed.wait(rings, steady_clock::now() + kBlock);
  co_return Result<void>{};
}

Task<Result<void>> StreamReader::set_clock(Self self) {
  Words words;
  words.emplace_back("TIME");
  const SteadyTime asked = steady_clock::now();
  const auto reply = co_await ask(self, std::move(words));
  if (!reply) co_return reply.error();
  if (reply->list.size() != 2) co_return StorageErrc::unavailable;
  const auto seconds = read_number(reply->list[0].text), micros = read_number(reply->list[1].text);
  if (!seconds || !micros) co_return StorageErrc::unavailable;
  self->clock_set_ = steady_clock::now();
  const SteadyTime then = asked + (self->clock_set_ - asked) / 2;
  self->clock_offset_ = Millis(*seconds * 1000 + *micros / 1000) -
                        std::chrono::floor<Millis>(then.time_since_epoch());
  co_return Result<void>{};
}

Task<Result<Reply>> StreamReader::ask(Self self, Words words) {
  for (bool made_group = false;; made_group = true) {
    if (self->stopped_) co_return StorageErrc::unavailable;
    auto reply = co_await redis::ask(*self->blocking_, words);
    if (!reply && reply.error() == RedisErrc::bad_reply) {  // it was over a cap: ask for less
      self->count_ = std::max<std::size_t>(self->count_ / 8, 1);
    }
    const bool is_missing = reply && reply->kind == Reply::Kind::error &&
                            reply->text.starts_with("NOGROUP") && !made_group;
    if (!is_missing || self->stopped_) co_return checked(std::move(reply));
    Words make;
    for (const char* word : {"XGROUP", "CREATE"}) make.emplace_back(word);
    make.push_back(self->key_);
    for (const char* word : {kGroup, "0", "MKSTREAM"}) make.emplace_back(word);
    co_await redis::ask(*self->blocking_, std::move(make));
  }
}

// Others look there for streams that nobody reads any more.
Task<Result<void>> StreamReader::enter(Self self) {
  Words words;
  words.emplace_back("SADD");
  words.push_back(self->key_.substr(0, self->key_.rfind(':')) + ":nodes");
  words.push_back(self->slot_);
  const auto reply = co_await ask(self, std::move(words));
  if (!reply) co_return reply.error();
  co_return Result<void>{};
}

// Everything that was given to this group and is not acknowledged: known here, or to be read again.
Task<Result<void>> StreamReader::recover(Self self) {
  const auto entered = co_await enter(self);
  if (!entered) co_return entered;
  std::string from = "-";
  for (bool has_more = true; has_more;) {
    const std::size_t count = self->count_;
    Words words;
    words.emplace_back("XPENDING");
    words.push_back(self->key_);
    words.emplace_back(kGroup);
    words.push_back(from);
    words.emplace_back("+");
    words.push_back(std::to_string(count));
    auto reply = co_await ask(self, std::move(words));
    if (!reply) co_return reply.error();
    has_more = reply->list.size() == count;
    if (has_more) from = "(" + reply->list.back().list.at(0).text;
    const auto claimed = co_await claim(self, std::move(reply->list));
    if (!claimed) co_return claimed;
  }
  self->must_recover_ = false;
  if (self->unconfirmed_.empty()) co_return Result<void>{};
  Words again(self->unconfirmed_.begin(), self->unconfirmed_.end());
  co_return co_await acknowledge(self, std::move(again));
}

/// `pending`: id, consumer, idle, deliveries of each.
Task<Result<void>> StreamReader::claim(Self self, std::vector<Reply> pending) {
  Words words;
  for (const char* word : {"XCLAIM"}) words.emplace_back(word);
  words.push_back(self->key_);
  for (const char* word : {kGroup, kConsumer, "0"}) words.emplace_back(word);
  const std::size_t before = words.size();
  std::unordered_map<std::string, unsigned> deliveries;
  for (Reply& one : pending) {
    if (one.list.size() != 4) continue;
    std::string& id = one.list[0].text;
    if (self->lanes.knows(id) || self->unconfirmed_.contains(id)) continue;
    words.push_back(id);
    const std::int64_t times = std::clamp<std::int64_t>(one.list[3].integer, 1, 1'000'000);
    deliveries.emplace(std::move(id), static_cast<unsigned>(times - 1));
  }
  if (words.size() == before) co_return Result<void>{};
  const bool is_one = words.size() == before + 1;
  QueuedMessage first;
  first.id = words[before];
  const std::size_t count = self->count_;
  auto reply = co_await ask(self, std::move(words));
  if (reply) co_return co_await add(self, std::move(reply->list), std::move(deliveries));
  if (is_one && count == 1 && !self->blocking_->connected()) {
    first.why = "too large";
    std::vector<QueuedMessage> messages;
    messages.push_back(std::move(first));
    co_await bury(self, std::move(messages));
  }
  co_return reply.error();
}

StreamReader::Words StreamReader::words_of_read() const {
  Words words;
  for (const char* word : {"XREADGROUP", "GROUP", kGroup, kConsumer, "COUNT"})
    words.emplace_back(word);
  words.push_back(std::to_string(count_));
  words.emplace_back("BLOCK");
  words.push_back(std::to_string(kBlock.count()));
  words.emplace_back("STREAMS");
  words.push_back(key_);
  words.emplace_back(">");
  return words;
}

Task<Result<void>> StreamReader::read_new(Self self) {
  auto reply = co_await ask(self, self->words_of_read());
  if (!reply) co_return reply.error();
  self->is_well_ = true;
  if (reply->list.empty() || reply->list[0].list.size() != 2) co_return Result<void>{};
  std::vector<Reply> entries = std::move(reply->list[0].list[1].list);
  if (entries.size() == self->count_) self->count_ = std::min(kMaxCount, self->count_ * 2);
  std::unordered_map<std::string, unsigned> none;
  co_return co_await add(self, std::move(entries), std::move(none));
}

Task<Result<void>> StreamReader::add(Self self, std::vector<Reply> entries,
                                     std::unordered_map<std::string, unsigned> deliveries) {
  std::vector<QueuedMessage> bad;
  for (Reply& entry : entries) {
    if (entry.list.size() != 2) continue;  // it was deleted
    ParsedEntry parsed = parse_entry(std::move(entry.list[0].text), std::move(entry.list[1].list));
    const auto found = deliveries.find(parsed.message.id);
    if (found != deliveries.end()) parsed.message.attempts = found->second;
    if (parsed.problem.empty()) {
      self->lanes.add(std::move(parsed.message));
    } else {
      parsed.message.why = std::move(parsed.problem);
      bad.push_back(std::move(parsed.message));
    }
  }
  if (!entries.empty()) self->changed.ring();
  if (bad.empty()) co_return Result<void>{};
  const auto buried = co_await bury(self, std::move(bad));
  if (!buried) co_return buried.error();
  co_return Result<void>{};
}

Task<Result<void>> StreamReader::acknowledge(Self self, Words ids) {
  Result<void> result;
  for (std::size_t at = 0; at < ids.size(); at += kAckBatch) {
    const std::size_t end = std::min(ids.size(), at + kAckBatch);
    Words words;
    words.push_back(self->slot_);
    for (std::size_t i = at; i < end; ++i) {
      self->unconfirmed_.insert(ids[i]);
      words.push_back(ids[i]);
    }
    const auto reply = co_await self->door_->run(scripts::kAck, std::move(words));
    if (!reply) {
      self->must_recover_ = true;
      result = reply.error();
    }
    for (std::size_t i = at; reply && i < end; ++i) self->unconfirmed_.erase(ids[i]);
  }
  co_return result;
}

Task<Result<std::size_t>> StreamReader::bury(Self self, std::vector<QueuedMessage> messages) {
  std::size_t buried = 0;
  for (std::size_t at = 0; at < messages.size(); at += kBuryBatch) {
    Words words;
    words.push_back(self->slot_);
    words.push_back(self->max_dead_);
    for (std::size_t i = at; i < std::min(messages.size(), at + kBuryBatch); ++i) {
      words.push_back(std::move(messages[i].id));
      words.push_back(std::move(messages[i].why));
      words.push_back(std::to_string(messages[i].attempts));
    }
    const auto reply = co_await self->door_->run(scripts::kBury, std::move(words));
    if (!reply) {
      self->must_recover_ = true;
      co_return reply.error();
    }
    buried += static_cast<std::size_t>(reply->integer);
  }
  co_return buried;
}

}  // namespace weft::storage
