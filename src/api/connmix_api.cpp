#include "api/connmix_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <variant>

#include "wire/connmix/reply.hpp"
#include "wire/connmix/request.hpp"

namespace weft::api {
namespace {

using connmix::ErrorCode;

constexpr std::size_t kMaxOutbox = 64 << 20;  // one answer may be large; jobs stop far below
constexpr std::size_t kMaxWatched = 1000;     // channels
constexpr std::size_t kMaxPublishing = 64;    // publications on their way, of one connection

template <class M>
constexpr bool kNeedsRead =
    std::is_same_v<M, connmix::Consume> || std::is_same_v<M, connmix::Unconsume> ||
    std::is_same_v<M, connmix::Ack> || std::is_same_v<M, connmix::Nack> ||
    std::is_same_v<M, connmix::Watch> || std::is_same_v<M, connmix::Unwatch>;
template <class M>
constexpr bool kNeedsNothing =
    std::is_same_v<M, connmix::Refused> || std::is_same_v<M, connmix::Ping>;

}  // namespace

transport::WebSocketOptions api_websocket_options(std::size_t max_message) {
  transport::WebSocketOptions options;
  options.max_message = max_message;
  options.max_outbox = kMaxOutbox;
  options.ping_interval = Millis(25'000);
  options.pong_timeout = Millis(0);
  options.read_timeout = Millis(0);
  return options;
}

ApiCounters::ApiCounters(metrics::Registry& registry)
    : connections(registry.gauge("weft_api_connections", "workers and tools on /ws/v1")),
      requests(registry.counter("weft_api_requests_total", "requests on /ws/v1")),
      errors(registry.counter("weft_api_errors_total",
                              "requests on /ws/v1 that were answered with an error")),
      watch_drops(registry.counter(
          "weft_api_dropped_publications_total",
          "publications not sent to a watching API connection that reads too slowly")) {}

class ConnmixSession final : public queue::Consumer,
                             public std::enable_shared_from_this<ConnmixSession> {
 public:
  ConnmixSession(Node& node, transport::Connection& connection, Grant grant, ApiCounters& counters)
      : node_(node),
        connection_(&connection),
        loop_(connection.loop()),
        grant_(std::move(grant)),
        counters_(counters) {
    counters_.connections.add(1);
  }

  bool on_message(std::string_view text);
  bool on_job(const queue::Job& job) override;
  void on_drained();
  void on_close();

 private:
  using Done = Completion<error_code>;

  void start(connmix::Request request);
  bool is_next_publication(const connmix::Request& request) const;
  bool must_wait() const;
  void go_on();
  void published(const connmix::Request& to, const Result<PublishCount>& count);

  void run(const connmix::Refused& refused) { fail(refused.code, refused.message); }
  void run(const connmix::Consume& consume);
  void run(const connmix::Unconsume&);
  void run(connmix::Send& send);
  void run(const connmix::Publish& publish);
  void run(const connmix::SetContext& set);
  void run(const connmix::Subscribe& subscribe);
  void run(const connmix::Unsubscribe& unsubscribe);
  void run(const connmix::Close& close);
  void run(const connmix::Ping&) { answer(connmix::pong_reply(current_)); }
  void run(const connmix::Ack& ack);
  void run(const connmix::Nack& nack);
  void run(const connmix::Push& push);
  void run(const connmix::Watch& watch);
  void run(const connmix::Unwatch&);

  template <class Settle>
  void settle(const std::vector<std::uint64_t>& jobs, Settle settle);
  void publish_instead(const std::string& channel, DataType type, const SharedBytes& data,
                       error_code unsent);
  void on_publication(const std::string& channel, DataType type, const SharedBytes& data);

  Done ok_or(ErrorCode code);
  void ok() { answer(connmix::ok_reply(current_)); }
  void fail(ErrorCode code, std::string_view message);
  void answer(const std::string& text);
  transport::SendResult send(const std::string& text) {
    return connection_->send(DataType::text, as_bytes(text));
  }
  bool is_choked() const { return connection_->queued_bytes() > kApiOutboxHighWater; }

  Node& node_;
  transport::Connection* connection_;  // nullptr: closed
  net::Loop& loop_;
  const Grant grant_;
  ApiCounters& counters_;

  connmix::Request current_;              // the one that runs, or ran last
  std::optional<connmix::Request> held_;  // came while publications were on their way
  std::string publishing_to_;             // the one channel of
  std::size_t publishing_ = 0;            // so many publications that have no answer yet
  bool running_ = false;                  // it has no answer yet
  bool in_message_ = false;  // on_message is on the stack: its result says whether to go on
  bool stopped_ = false;     // we told the transport to wait

  queue::ConsumerId consumer_ = 0;
  bool acking_ = false, starved_ = false;  // starved: the queue waits for resume()
  connmix::EventStyle event_style_ = connmix::EventStyle::short_pop;

  std::vector<WatchId> watches_;
  std::vector<std::string> watched_;
  connmix::Style watch_style_ = connmix::Style::short_keys;
};

// --- one request after the other ---

// Publications to one channel may follow each other before they are done: the channel has one
// order, and so have their answers. Everything else waits until what was asked before it is done.
bool ConnmixSession::on_message(std::string_view text) {
  if (text == "ping") {
    send("pong");
    return true;
  }
  connmix::Request request = connmix::parse_request(text, current_.style);
  if (publishing_ > 0 && !is_next_publication(request))
    held_ = std::move(request);
  else
    start(std::move(request));
  stopped_ = must_wait();
  return !stopped_;
}

bool ConnmixSession::is_next_publication(const connmix::Request& request) const {
  const auto* publish = std::get_if<connmix::Publish>(&request.method);
  return publish && publish->channel == publishing_to_;
}

bool ConnmixSession::must_wait() const {
  return running_ || held_ || publishing_ >= kMaxPublishing || (connection_ && is_choked());
}

void ConnmixSession::start(connmix::Request request) {
  counters_.requests.add();
  running_ = in_message_ = true;
  current_ = std::move(request);
  connmix::Method method = std::move(current_.method);
  std::visit(
      [this]<class M>(M& wanted) {
        const bool allowed = kNeedsNothing<M> || (kNeedsRead<M> ? grant_.read : grant_.write);
        if (allowed)
          run(wanted);
        else
          fail(ErrorCode::forbidden,
               fmt::format("user {} has no {} role, which this method needs", grant_.username,
                           kNeedsRead<M> ? "read" : "write"));
      },
      method);
  in_message_ = false;
}

void ConnmixSession::answer(const std::string& text) {
  running_ = false;
  if (!connection_) return;
  send(text);
  go_on();
}

// After an answer, or when the peer has read what it was sent.
void ConnmixSession::go_on() {
  if (!connection_ || in_message_ || !stopped_ || is_choked()) return;
  if (held_ && publishing_ == 0) start(*std::exchange(held_, std::nullopt));
  if (must_wait()) return;
  stopped_ = false;
  connection_->resume();  // the next request may run inside
}

void ConnmixSession::fail(ErrorCode code, std::string_view message) {
  counters_.errors.add();
  answer(connmix::error_reply(current_, code, message));
}

ConnmixSession::Done ConnmixSession::ok_or(ErrorCode code) {
  return [self = shared_from_this(), code](error_code error) {
    if (error)
      self->fail(code, error.message());
    else
      self->ok();
  };
}

void ConnmixSession::on_drained() {
  if (!connection_) return;
  if (std::exchange(starved_, false)) node_.queue().resume(consumer_);
  go_on();
}

void ConnmixSession::on_close() {
  connection_ = nullptr;
  counters_.connections.add(-1);
  if (consumer_) node_.queue().leave(std::exchange(consumer_, 0));
  for (const WatchId watch : std::exchange(watches_, {})) node_.unwatch(loop_, watch);
}

// --- queues ---

void ConnmixSession::run(const connmix::Consume& consume) {
  if (consumer_)
    return fail(ErrorCode::already_consuming,
                "this connection consumes already: queue.unpop first");
  event_style_ = connmix::event_style(current_.style, consume);
  acking_ = consume.ack;
  queue::ConsumeOptions options;
  options.ack = consume.ack;
  options.prefetch = consume.prefetch;
  consumer_ = node_.queue().consume(loop_, weak_from_this(), consume.topics, options,
                                    [self = shared_from_this()](error_code error) {
                                      if (!error) return self->ok();
                                      self->consumer_ = 0;
                                      self->fail(ErrorCode::consume_failed, error.message());
                                    });
}

void ConnmixSession::run(const connmix::Unconsume&) {
  if (!consumer_) return fail(ErrorCode::unconsume_failed, "this connection consumes nothing");
  node_.queue().leave(std::exchange(consumer_, 0));
  starved_ = false;
  ok();
}

bool ConnmixSession::on_job(const queue::Job& job) {
  if (!connection_ || !consumer_) return false;
  if (is_choked()) {
    starved_ = true;
    return false;
  }
  connmix::JobEvent event;
  event.node = node_.id();
  event.connection = job.connection;
  event.topic = job.topic;
  event.data = job.data.text();
  if (acking_) {
    event.job = job.id;
    event.attempt = job.attempt;
  }
  if (job.death) {
    event.died_in = job.death->topic;
    event.died_of = job.death->why;
  }
  return send(connmix::job_event(event_style_, event)) == transport::SendResult::queued;
}

template <class Settle>
void ConnmixSession::settle(const std::vector<std::uint64_t>& jobs, Settle settle_one) {
  if (!consumer_ || !acking_)
    return fail(ErrorCode::settle_failed,
                "this connection acknowledges nothing: consume with \"ack\":true");
  struct Open {
    std::size_t left;
    std::string problems;
  };
  auto open = std::make_shared<Open>(Open{jobs.size(), ""});
  for (const std::uint64_t job : jobs) {
    settle_one(job, [self = shared_from_this(), open, job](error_code error) {
      if (error)
        open->problems +=
            fmt::format("{}job {}: {}", open->problems.empty() ? "" : "; ", job, error.message());
      if (--open->left > 0) return;
      if (open->problems.empty())
        self->ok();
      else
        self->fail(ErrorCode::settle_failed, open->problems.substr(0, 1000));
    });
  }
}

void ConnmixSession::run(const connmix::Ack& ack) {
  settle(ack.jobs, [this](std::uint64_t job, Done done) {
    node_.queue().ack(loop_, consumer_, job, std::move(done));
  });
}

void ConnmixSession::run(const connmix::Nack& nack) {
  settle(nack.jobs, [this, delay = nack.delay](std::uint64_t job, Done done) {
    node_.queue().nack(loop_, consumer_, job, delay, std::move(done));
  });
}

void ConnmixSession::run(const connmix::Push& push) {
  const auto depth =
      node_.queue().push(push.topic, ConnectionId::none, SharedBytes::copy_of(push.data));
  if (depth) return ok();
  fail(ErrorCode::push_failed, fmt::format("topic {}: {}", push.topic, depth.error().message()));
}

// --- the mesh ---

void ConnmixSession::run(connmix::Send& send) {
  const SharedBytes data = SharedBytes::copy_of(send.data);
  auto done = [self = shared_from_this(), channel = std::move(send.or_channel), type = send.type,
               data](error_code error) {
    if (!error) return self->answer(connmix::sent_reply(self->current_));
    if (error == NodeErrc::no_such_connection && !channel.empty())
      return self->publish_instead(channel, type, data, error);
    self->fail(ErrorCode::send_failed, error.message());
  };
  node_.send(loop_, send.to, send.type, data, std::move(done));
}

/// The synchronous PHP client publishes by mesh.send; to it a channel of digits looks like a
/// connection's id.
void ConnmixSession::publish_instead(const std::string& channel, DataType type,
                                     const SharedBytes& data, error_code unsent) {
  node_.publish(loop_, channel, type, data,
                [self = shared_from_this(), unsent](Result<PublishCount> count) {
                  if (count && count->success + count->fail > 0)
                    return self->answer(connmix::published_reply(self->current_, *count));
                  self->fail(ErrorCode::send_failed, unsent.message());
                });
}

void ConnmixSession::run(const connmix::Publish& publish) {
  if (publishing_++ == 0) publishing_to_ = publish.channel;
  running_ = false;
  node_.publish(loop_, publish.channel, publish.type, SharedBytes::copy_of(publish.data),
                [self = shared_from_this(), style = current_.style,
                 id = current_.id](Result<PublishCount> count) {
                  self->published({.style = style, .id = id, .method = {}}, count);
                });
}

void ConnmixSession::published(const connmix::Request& to, const Result<PublishCount>& count) {
  --publishing_;
  if (count) return answer(connmix::published_reply(to, *count));
  const bool invalid = count.error() == NodeErrc::bad_channel;
  counters_.errors.add();
  answer(connmix::error_reply(to, invalid ? ErrorCode::invalid_params : ErrorCode::send_failed,
                              count.error().message()));
}

void ConnmixSession::run(const connmix::SetContext& set) {
  node_.set_context(loop_, set.of, set.object, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Subscribe& subscribe) {
  node_.subscribe(loop_, subscribe.who, subscribe.channels, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Unsubscribe& unsubscribe) {
  node_.unsubscribe(loop_, unsubscribe.who, unsubscribe.channels, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Close& close) {
  node_.close(loop_, close.who, close.code, close.reason, ok_or(ErrorCode::call_failed));
}

void ConnmixSession::run(const connmix::Watch& watch) {
  std::vector<std::string> fresh;
  for (const std::string& channel : watch.channels)
    if (std::ranges::find(watched_, channel) == watched_.end()) fresh.push_back(channel);
  if (watched_.size() + fresh.size() > kMaxWatched)
    return fail(ErrorCode::watch_failed,
                fmt::format("at most {} channels on one connection", kMaxWatched));
  watch_style_ = current_.style;
  if (fresh.empty()) return ok();
  watched_.insert(watched_.end(), fresh.begin(), fresh.end());
  const WatchId id = node_.watch(
      loop_, fresh,
      [weak = weak_from_this()](const std::string& channel, DataType type,
                                const SharedBytes& data) {
        if (const auto self = weak.lock()) self->on_publication(channel, type, data);
      },
      [self = shared_from_this(), fresh](error_code error) {
        if (!error) return self->ok();
        std::erase_if(self->watched_,
                      [&](const std::string& name) { return std::ranges::count(fresh, name) > 0; });
        self->fail(ErrorCode::watch_failed, error.message());
      });
  if (connection_)
    watches_.push_back(id);
  else
    node_.unwatch(loop_, id);
}

void ConnmixSession::run(const connmix::Unwatch&) {
  for (const WatchId watch : std::exchange(watches_, {})) node_.unwatch(loop_, watch);
  watched_.clear();
  ok();
}

void ConnmixSession::on_publication(const std::string& channel, DataType type,
                                    const SharedBytes& data) {
  if (!connection_) return;
  if (is_choked()) return counters_.watch_drops.add();
  send(connmix::publication_event(watch_style_, channel, type, data.text()));
}

// --- what the transport sees ---

ConnmixHandler::ConnmixHandler(Node& node, transport::Connection& connection, Grant grant,
                               ApiCounters& counters)
    : session_(std::make_shared<ConnmixSession>(node, connection, std::move(grant), counters)) {}

ConnmixHandler::~ConnmixHandler() = default;

bool ConnmixHandler::on_message(DataType, std::span<const std::byte> payload) {
  return session_->on_message(as_text(payload));
}

void ConnmixHandler::on_close(const CloseInfo&) { session_->on_close(); }

void ConnmixHandler::on_drained() { session_->on_drained(); }

}  // namespace weft::api
