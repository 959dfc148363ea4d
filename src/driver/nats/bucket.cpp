#include "driver/nats/bucket.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <random>

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"

namespace weft::nats {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kTimeout{3'000};
constexpr std::size_t kAtOnce = 256;  // requests under way
/// A consumer whose node is away for so long is forgotten by the server.
constexpr std::int64_t kInactiveNs = 30'000'000'000;
constexpr std::string_view kClock = "live.clock";

json::object stream_config(const std::string& stream, const std::string& root) {
  json::object config;
  config["name"] = stream;
  config["subjects"] = json::array{root + ">"};
  config["retention"] = "limits";
  config["storage"] = "file";
  config["max_msgs_per_subject"] = 1;
  config["discard"] = "new";
  config["allow_rollup_hdrs"] = true;
  config["allow_direct"] = true;
  config["num_replicas"] = 1;
  return config;
}

NatsOptions named(NatsOptions server, const std::string& stream) {
  if (server.name.empty()) server.name = stream;
  return server;
}

std::string string_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

Bucket::Bucket(net::Loop& loop, NatsOptions server, const std::string& bucket, BucketCopy& copy)
    : stream_("KV_" + bucket),
      root_("$KV." + bucket + "."),
      client_(loop, named(std::move(server), stream_)),
      copy_(&copy),
      me_((std::uint64_t{std::random_device{}()} << 32) | std::random_device{}()),
      watch_(fmt::format("_INBOX.{:x}.watch", me_)) {}

Bucket::Self Bucket::make(net::Loop& loop, NatsOptions server, const std::string& bucket,
                          BucketCopy& copy) {
  const Self self(new Bucket(loop, std::move(server), bucket, copy));
  self->start(self);
  return self;
}

void Bucket::start(const Self& self) {
  client_.subscribe(watch_, [weak = std::weak_ptr(self)](const Message& message) {
    if (const Self here = weak.lock()) here->on_watch(message);
  });
  const auto changed = [weak = std::weak_ptr(self)] {
    if (const Self here = weak.lock()) here->lose_copy();
  };
  Watcher watcher;
  watcher.on_up = changed;
  watcher.on_down = [changed](const std::string&) { changed(); };
  client_.start(std::move(watcher));
}

void Bucket::stop() {
  stopped_ = true;
  copy_ = nullptr;
  client_.stop();
  lose_copy();
}

void Bucket::lose_copy() {
  is_ready_ = false;
  bell_.ring();
}

std::string Bucket::new_name() { return fmt::format("w{:x}-{}", me_, ++names_); }

error_code Bucket::failed(error_code error) {
  if (stopped_) return NatsErrc::stopped;
  if (error != NatsErrc::no_responders) return error;
  lose_copy();
  static thread_local log::Limiter limiter{std::chrono::seconds(10)};
  if (limiter.pass(Clock::now())) {
    log::error("nats: the server has no JetStream, or no stream {}", stream_);
  }
  return error;
}

Result<JsAnswer> Bucket::judged(Result<JsAnswer> answer, std::string_view what) {
  if (!answer) return failed(answer.error());
  if (answer->error == 0) return answer;
  if (answer->error == kStreamNotFound) lose_copy();
  log::error("nats: JetStream refuses to {}: {}", what, answer->text);
  return make_error_code(NatsErrc::refused);
}

// --- the copy ------------------------------------------------------------------------------------

Task<error_code> Bucket::ready(Self self) {
  const auto deadline = Clock::now() + kTimeout;
  for (;;) {
    const std::uint64_t rings = self->bell_.rings();
    if (self->stopped_) co_return NatsErrc::stopped;
    if (self->is_ready_) co_return error_code{};
    const bool is_first_try = self->client_.status().why_down.empty();
    if (!self->client_.is_up() && !is_first_try) co_return NatsErrc::down;
    if (self->client_.is_up() && !self->is_preparing_) {
      self->is_preparing_ = true;
      const error_code error = co_await prepare(self);
      self->is_preparing_ = false;
      self->bell_.ring();
      if (error) co_return error;
      continue;
    }
    if (Clock::now() >= deadline) co_return NatsErrc::down;
    co_await self->bell_.wait(rings, deadline);
  }
}

Task<error_code> Bucket::prepare(Self self) {
  const std::uint64_t connection = self->client_.status().reconnects;
  if (const error_code error = co_await make_stream(self)) co_return error;
  if (const error_code error = co_await make_watch(self)) co_return error;
  const Result<std::uint64_t> now = co_await catch_up(self);
  if (!now) co_return now.error();
  if (!self->client_.is_up() || self->client_.status().reconnects != connection) {
    co_return NatsErrc::lost;
  }
  self->is_ready_ = true;
  co_return error_code{};
}

Task<error_code> Bucket::make_stream(Self self) {
  json::object config = stream_config(self->stream_, self->root_);
  Result<JsAnswer> answer = co_await js_call(self->client_, "STREAM.CREATE." + self->stream_,
                                             std::move(config), kTimeout);
  // One of another make, perhaps with replicas: it is what the operator wants.
  if (answer && answer->error == kStreamExists) co_return error_code{};
  answer = self->judged(std::move(answer), "make the bucket " + self->stream_);
  co_return answer ? error_code{} : answer.error();
}

Task<error_code> Bucket::make_consumer(Self self, json::object config) {
  const std::string name = string_in(config, "name"), filter = string_in(config, "filter_subject");
  config["ack_policy"] = "none";
  config["inactive_threshold"] = kInactiveNs;
  config["mem_storage"] = true;
  json::object request;
  request["stream_name"] = self->stream_;
  request["config"] = std::move(config);
  Result<JsAnswer> answer = co_await js_call(
      self->client_, "CONSUMER.CREATE." + self->stream_ + "." + name + "." + filter,
      std::move(request), kTimeout);
  answer = self->judged(std::move(answer), "watch " + filter);
  co_return answer ? error_code{} : answer.error();
}

Task<error_code> Bucket::make_watch(Self self) {
  if (self->copy_) self->copy_->on_begin();
  self->seen_ = self->in_consumer_ = 0;
  self->has_gap_ = false;
  self->consumer_ = self->new_name();
  json::object config;
  config["name"] = self->consumer_;
  config["deliver_subject"] = self->watch_;
  config["deliver_policy"] = "last_per_subject";
  config["filter_subject"] = self->root_ + "live.>";
  co_return co_await make_consumer(self, std::move(config));
}

void Bucket::on_watch(const Message& message) {
  const auto delivered = parse_delivered(message.reply());
  if (!delivered || delivered->consumer != consumer_) return;  // of an earlier connection
  if (!copy_ || !message.subject().starts_with(root_)) return;
  if (delivered->in_consumer != ++in_consumer_) has_gap_ = true;
  if (has_gap_) return lose_copy();
  copy_->on_stored(message.subject().substr(root_.size()), delivered->sequence,
                   delivered->stored_ns, message.text());
  seen_ = std::max(seen_, delivered->sequence);
  bell_.ring();
}

Task<error_code> Bucket::until_seen(Self self, std::uint64_t sequence) {
  const auto deadline = Clock::now() + kTimeout;
  const std::string consumer = self->consumer_;
  for (;;) {
    const std::uint64_t rings = self->bell_.rings();
    if (self->stopped_) co_return NatsErrc::stopped;
    const bool is_lost = !self->client_.is_up() || self->has_gap_ || self->consumer_ != consumer;
    if (is_lost) co_return NatsErrc::lost;
    if (self->seen_ >= sequence) co_return error_code{};
    if (Clock::now() >= deadline) {
      self->lose_copy();
      co_return NatsErrc::timed_out;
    }
    co_await self->bell_.wait(rings, deadline);
  }
}

Task<Result<std::uint64_t>> Bucket::catch_up(Self self) {
  std::string key(kClock);
  return put(self, std::move(key), "");
}

// --- storing -------------------------------------------------------------------------------------

/// Gives its sequence; 0 = its expectation was wrong.
Task<Result<std::uint64_t>> Bucket::store(Self self, std::string key, std::string text,
                                          Headers headers) {
  const Result<Message> message = co_await self->client_.request(self->root_ + key, std::move(text),
                                                                 std::move(headers), kTimeout);
  if (!message) co_return self->failed(message.error());
  JsAnswer answer = parse_js_answer(message->text());
  if (answer.error == kWrongLastSequence) co_return std::uint64_t{0};
  const Result<JsAnswer> fine = self->judged(std::move(answer), "store " + key);
  if (!fine) co_return fine.error();
  const std::uint64_t sequence = number_in(fine->object, "seq");
  if (sequence == 0) co_return NatsErrc::refused;  // that was not JetStream
  co_return sequence;
}

Task<Result<std::uint64_t>> Bucket::put(Self self, std::string key, std::string text,
                                        std::uint64_t expected) {
  Headers headers;
  headers.push_back({"Nats-Expected-Last-Subject-Sequence", std::to_string(expected)});
  const Result<std::uint64_t> stored =
      co_await store(self, key, std::move(text), std::move(headers));
  if (!stored) co_return stored;
  error_code error;
  if (*stored)
    error = co_await until_seen(self, *stored);
  else
    error = co_await refresh(self, std::move(key));
  if (error) co_return error;
  co_return stored;
}

Task<Result<std::uint64_t>> Bucket::put(Self self, std::string key, std::string text) {
  Headers none;
  const Result<std::uint64_t> stored =
      co_await store(self, std::move(key), std::move(text), std::move(none));
  if (!stored) co_return stored;
  if (const error_code error = co_await until_seen(self, *stored)) co_return error;
  co_return stored;
}

Task<error_code> Bucket::refresh(Self self, std::string key) {
  json::object request;
  request["last_by_subj"] = self->root_ + key;
  Result<JsAnswer> answer = co_await js_call(self->client_, "STREAM.MSG.GET." + self->stream_,
                                             std::move(request), kTimeout);
  if (answer && answer->error == kMessageNotFound) {
    if (self->copy_) self->copy_->on_gone(key);
    co_return error_code{};
  }
  answer = self->judged(std::move(answer), "show " + key);
  if (!answer) co_return answer.error();
  const json::object& message = object_in(answer->object, "message");
  const auto text = decode_base64(string_in(message, "data"));
  if (!text) co_return NatsErrc::refused;
  if (self->copy_) {
    self->copy_->on_stored(key, number_in(message, "seq"),
                           parse_js_time(string_in(message, "time")), *text);
  }
  co_return error_code{};
}

// --- outside the copy ----------------------------------------------------------------------------

Request Bucket::to_put(const std::string& key, std::string text) const {
  return {root_ + key, std::move(text)};
}

Request Bucket::to_get(const std::string& key) const {
  json::object request;
  request["last_by_subj"] = root_ + key;
  return {"$JS.API.DIRECT.GET." + stream_, json::serialize(request)};
}

Request Bucket::to_purge(const std::string& keys, std::uint64_t below) const {
  json::object request;
  request["filter"] = root_ + keys;
  if (below != kAll) request["seq"] = below;
  return {"$JS.API.STREAM.PURGE." + stream_, json::serialize(request)};
}

Task<error_code> Bucket::purge(Self self, std::string keys, std::uint64_t below) {
  std::vector<Request> one;
  one.push_back(self->to_purge(keys, below));
  co_return co_await all(self, std::move(one));
}

void Bucket::purge_unheard(const std::string& key) {
  const Request request = to_purge(key, kAll);
  client_.publish(request.subject, as_bytes(request.bytes));
  if (copy_) copy_->on_gone(key);
}

Task<error_code> Bucket::all(Self self, std::vector<Request> requests) {
  for (std::size_t from = 0; from < requests.size(); from += kAtOnce) {
    const std::size_t stop = std::min(requests.size(), from + kAtOnce);
    std::vector<Request> some;
    for (std::size_t i = from; i < stop; ++i) some.push_back(std::move(requests[i]));
    const auto answers = co_await self->client_.request_all(std::move(some), kTimeout);
    if (!answers) co_return self->failed(answers.error());
    for (const Message& message : *answers) {
      if (message.status() == 503) co_return self->failed(NatsErrc::no_responders);
      const auto fine = self->judged(parse_js_answer(message.text()), "store or purge");
      if (!fine) co_return fine.error();
    }
  }
  co_return error_code{};
}

}  // namespace weft::nats
