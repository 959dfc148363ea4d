#include "broker/redis_broker.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.hpp"
#include "driver/redis/words.hpp"

namespace weft::broker {
namespace {

constexpr std::chrono::milliseconds kLongestDial{3'000};  // sentinels and a look-up included

redis::RedisOptions prepared(redis::RedisOptions redis, const std::string& name,
                             std::string_view what) {
  redis.timeout = std::min(redis.timeout, kLongestDial);
  redis.longest_wait = std::chrono::seconds(2);
  if (!name.empty()) redis.client_name = "weft:" + name + ":" + std::string(what);
  return redis;
}

std::string version_in(const std::string& info) {
  constexpr std::string_view kField = "redis_version:";
  const std::size_t begin = info.find(kField);
  if (begin == info.npos) return "";
  const std::size_t end = info.find_first_of("\r\n", begin);
  return " " + info.substr(begin + kField.size(), end - begin - kField.size());
}

}  // namespace

RedisBroker::RedisBroker(net::Loop& loop, redis::RedisOptions redis, BrokerOptions options)
    : loop_(loop),
      options_(std::move(options)),
      prefix_(options_.prefix + ":"),
      publishing_(loop, prepared(redis, options_.name, "publish")),
      hearing_(loop, prepared(redis, options_.name, "hear")) {}

void RedisBroker::subscribe(std::string subject) {
  check(!sink_, "subjects are named before start()");
  hearing_.add(channel_of(subject));
}

void RedisBroker::start(BrokerSink& sink) {
  sink_ = &sink;
  publishing_.start(*this);
  hearing_.start(*this);
}

void RedisBroker::stop() {
  was_stopped_ = true;
  is_up_ = false;
  sink_ = nullptr;
  hearing_.stop();
  publishing_.stop();
}

error_code RedisBroker::publish(std::string_view subject, std::span<const std::byte> bytes) {
  if (was_stopped_) return BrokerErrc::stopped;
  if (bytes.size() > kMaxPayload) return BrokerErrc::too_large;
  if (!is_up_) return BrokerErrc::down;
  if (publishing_.unsent_bytes() + bytes.size() > options_.max_unsent_bytes)
    return BrokerErrc::full;
  const std::string channel = channel_of(subject);
  const std::array<std::string_view, 3> words{"PUBLISH", channel, as_text(bytes)};
  const Result<std::string> command = redis::encode(words);
  if (!command) return BrokerErrc::full;  // no memory
  publishing_.send(*command);
  return {};
}

void RedisBroker::reconnect(std::string why) {
  if (!sink_) return;
  // Whoever asks may be called by the sink: tell it later.
  loop_.post([this, here = std::weak_ptr(here_), why = std::move(why)] {
    if (!here.expired() && sink_ && is_up_) fall(why);
  });
}

BrokerStatus RedisBroker::status() const {
  const redis::Address at = publishing_.address();
  std::string server = "redis" + version_;
  if (!at.host.empty()) server += " at " + at.host + ":" + std::to_string(at.port);
  const bool is_refused = is_up_ && !refusal_.empty();
  return {is_up_, server, is_refused ? "PUBLISH was refused: " + refusal_ : why_down_, reconnects_,
          publishing_.unsent_bytes()};
}

// --- the connection that publishes ---------------------------------------------------------------

void RedisBroker::on_open() {
  const std::array<std::string_view, 2> words{"INFO", "server"};
  if (const Result<std::string> command = redis::encode(words)) publishing_.send(*command);
}

void RedisBroker::on_reply(const redis::Reply& reply) {
  if (!can_publish_) return on_first_reply(reply);
  if (reply.kind == redis::Reply::Kind::error) return on_refused(reply.text);
  if (reply.kind == redis::Reply::Kind::integer) refusal_.clear();  // else a PONG
}

void RedisBroker::on_first_reply(const redis::Reply& reply) {
  const bool is_error = reply.kind == redis::Reply::Kind::error;
  if (is_error && !reply.text.starts_with("NOPERM")) {  // no password, too many clients …
    publishing_.renew();
    return on_lost("redis: " + reply.text);
  }
  version_ = version_in(reply.text);
  refusal_.clear();
  can_publish_ = true;
  rise_when_both_are_ready();
}

// It may be a PING that is refused: Redis' text says so.
void RedisBroker::on_refused(const std::string& why) {
  refusal_ = why;
  if (refusals_.pass(std::chrono::steady_clock::now()))
    log::error("broker: redis refuses what is published: {}", why);
}

void RedisBroker::on_lost(const std::string& why) {
  can_publish_ = false;
  fall(why);
}

// --- the connection that hears -------------------------------------------------------------------

void RedisBroker::on_message(std::string_view channel, std::span<const std::byte> bytes) {
  if (is_up_) sink_->on_message(channel.substr(prefix_.size()), bytes);
}

void RedisBroker::on_subscribed() {
  can_hear_ = true;
  rise_when_both_are_ready();
}

void RedisBroker::on_deaf(const std::string& why) {
  can_hear_ = false;
  fall(why);
}

// --- both ----------------------------------------------------------------------------------------

void RedisBroker::rise_when_both_are_ready() {
  if (!can_publish_ || !can_hear_) return;
  if (publishing_.address() != hearing_.address()) {  // one master takes over from another
    why_down_ = "redis: the master is moving";
    return renew_what_is_ready();
  }
  publishing_.settle();
  hearing_.settle();
  is_up_ = true;
  reconnects_ += std::exchange(has_been_up_, true) ? 1 : 0;
  why_down_.clear();
  if (std::exchange(has_complained_, false)) log::info("broker: connected to {}", status().server);
  sink_->on_up();
}

// Both connections go: they have to lead to the same server. Who is told, tells others: it is the
// last thing that is done.
void RedisBroker::fall(const std::string& why) {
  why_down_ = why;
  if (std::exchange(is_up_, false)) {
    renew_what_is_ready();
    return sink_->on_down(why);
  }
  if (!has_been_up_ && !std::exchange(has_complained_, true)) log::warn("broker: {}", why);
}

void RedisBroker::renew_what_is_ready() {
  if (std::exchange(can_publish_, false)) publishing_.renew();
  if (std::exchange(can_hear_, false)) hearing_.renew();
}

}  // namespace weft::broker
