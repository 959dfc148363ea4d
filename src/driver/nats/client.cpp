#include "driver/nats/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "base/log.hpp"
#include "driver/nats/answers.hpp"
#include "driver/nats/connection.hpp"

namespace weft::nats {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{50};
constexpr milliseconds kGoodbye{200};   // that stop() waits at most
constexpr milliseconds kProven{2'000};  // a connection that held for so long: the next loss is new

/// Between half and the whole of a span that doubles, so that many nodes do not come back at once.
milliseconds back_off(unsigned failures, milliseconds longest) {
  if (failures == 0) return milliseconds{0};
  static thread_local std::minstd_rand random(std::random_device{}());
  const milliseconds span = std::min(longest, kFirstWait * (1 << std::min(failures - 1, 16u)));
  return span / 2 + milliseconds(random() % static_cast<unsigned>(span.count() / 2 + 1));
}

}  // namespace

/// Everything, alive as long as a request waits.
class NatsClient::Core final : public ConnectionOwner, public std::enable_shared_from_this<Core> {
 public:
  Core(net::Loop& loop, NatsOptions options)
      : loop_(loop), options_(std::move(options)), retry_(loop.context()) {
    options_.longest_wait = std::max(options_.longest_wait, kFirstWait);
    if (options_.name.empty()) options_.name = options_.servers.front();
    subjects_.push_back(answers_.wildcard());
    hearers_.emplace_back();  // the inbox is ours
  }

  void start(Watcher watcher) {
    watcher_ = std::move(watcher);
    connect_after(milliseconds{0});
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    retry_.cancel();
    hand_over();
    if (connection_ && up_) connection_->close_gently(kGoodbye);
    drop_connection();
    answers_.fail_all(NatsErrc::stopped);
    watcher_ = {};
    hearers_.clear();
    answers_.close_inboxes();
  }

  void subscribe(std::string subject, OnMessage on_message) {
    if (stopped_) return;
    hearers_.push_back(std::make_shared<OnMessage>(std::move(on_message)));
    subjects_.push_back(subject);
    if (connection_) connection_->subscribe(std::move(subject));
  }

  error_code publish(Outgoing outgoing) {
    if (stopped_) return NatsErrc::stopped;
    if (!up_) return NatsErrc::down;
    std::size_t size = outgoing.bytes.size();
    for (const Header& header : outgoing.headers)
      size += header.name.size() + header.value.size() + 16;
    if (size > status_.max_payload) return NatsErrc::too_large;
    if (unsent() + size > options_.max_unsent_bytes) return NatsErrc::full;
    batch_bytes_ += outgoing.size();
    batch_.push_back(std::move(outgoing));
    if (batch_.size() == 1) loop_.post([self = shared_from_this()] { self->hand_over(); });
    return {};
  }

  static Task<Result<std::vector<Message>>> request(std::shared_ptr<Core> self,
                                                    std::vector<Request> requests,
                                                    milliseconds timeout) {
    const auto waiting = std::make_shared<Waiting>(self->loop_.context(), timeout, requests.size());
    self->answers_.expect(waiting);
    error_code error;
    for (std::size_t i = 0; i < requests.size() && !error; ++i) {
      Outgoing outgoing;
      outgoing.subject = std::move(requests[i].subject);
      outgoing.reply = self->answers_.subject(waiting->first + i);
      outgoing.bytes = std::move(requests[i].bytes);
      outgoing.headers = std::move(requests[i].headers);
      error = self->publish(std::move(outgoing));
    }
    if (!error && waiting->left > 0) {
      // Cancelled when the answers are there, and by whoever cancels the one that awaits us.
      const auto [cancelled] =
          co_await waiting->timer.async_wait(asio::as_tuple(asio::use_awaitable));
      error = waiting->error;
      if (!error && waiting->left > 0) error = cancelled ? NatsErrc::stopped : NatsErrc::timed_out;
    }
    self->answers_.forget(*waiting);
    if (error) co_return error;
    co_return std::move(waiting->answers);
  }

  static Task<Result<Message>> request_one(std::shared_ptr<Core> self, Request request,
                                           milliseconds timeout) {
    std::vector<Request> requests;
    requests.push_back(std::move(request));
    Result<std::vector<Message>> answers =
        co_await Core::request(self, std::move(requests), timeout);
    if (!answers) co_return answers.error();
    if (answers->front().status() == 503) co_return NatsErrc::no_responders;
    co_return std::move(answers->front());
  }

  Answers& answers() { return answers_; }

  void reconnect(const std::string& why) {
    if (stopped_ || !connection_) return;
    loop_.post([self = shared_from_this(), connection = connection_, why] {
      if (self->connection_ == connection) self->on_end(why);
    });
  }

  bool is_up() const { return up_; }
  net::Loop& loop() const { return loop_; }

  NatsStatus status() const {
    NatsStatus status = status_;
    status.up = up_;
    status.unsent_bytes = unsent();
    if (connection_) status.dropped += connection_->dropped();
    return status;
  }

 private:
  // --- the connection ---

  void connect_after(milliseconds wait) {
    retry_.expires_after(wait);
    retry_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->stopped_) self->connect();
    });
  }

  void connect() {
    connection_ = std::make_shared<Connection>(loop_, options_, subjects_, *this);
    connection_->open();
  }

  void on_open(const Opened& opened) override {
    up_ = true;
    up_since_ = Clock::now();
    if (!std::exchange(was_up_, true)) {
      log::debug("nats {}: connected to {}", options_.name, opened.server);
    } else {
      ++status_.reconnects;
      log::info("nats {}: connected again to {}", options_.name, opened.server);
    }
    status_.server = opened.server;
    status_.max_payload = opened.max_payload;
    status_.why_down.clear();
    has_complained_ = false;
    if (const auto on_up = watcher_.on_up) on_up();
  }

  void on_end(const std::string& why) override {
    const bool was_proven = up_ && Clock::now() - up_since_ >= kProven;
    failures_ = was_proven ? 0 : failures_ + 1;
    status_.why_down = fmt::format("{}: {}", up_ ? status_.server : options_.servers.front(), why);
    if (!std::exchange(has_complained_, true)) {
      log::warn("nats {}: {}", options_.name, status_.why_down);
    }
    drop_connection();
    answers_.fail_all(NatsErrc::lost);
    connect_after(back_off(failures_, options_.longest_wait));
    if (const auto on_down = watcher_.on_down) on_down(std::string(status_.why_down));
  }

  void drop_connection() {
    up_ = false;
    batch_.clear();
    batch_bytes_ = 0;
    if (!connection_) return;
    status_.dropped += connection_->dropped();
    connection_->close();
    connection_ = nullptr;
  }

  void hand_over() {
    if (batch_.empty() || !connection_) return;
    batch_bytes_ = 0;
    connection_->send(std::exchange(batch_, {}));
  }

  std::size_t unsent() const {
    return batch_bytes_ + (connection_ ? connection_->unsent_bytes() : 0);
  }

  // --- what came ---

  void on_message(std::size_t subscription, Message message) override {
    if (!up_) return;  // before on_up()
    if (subscription == 0) return answers_.take(std::move(message));
    const auto hearer = hearers_.at(subscription);  // it may stop us
    (*hearer)(std::move(message));
  }

  net::Loop& loop_;
  NatsOptions options_;
  Watcher watcher_;
  asio::steady_timer retry_;
  std::shared_ptr<Connection> connection_;  // being made, or up
  bool up_ = false, was_up_ = false, stopped_ = false;
  bool has_complained_ = false;  // to the log, since the last connection was made
  Clock::time_point up_since_;
  unsigned failures_ = 0;
  NatsStatus status_;

  std::vector<std::string> subjects_;  // 0 is the inbox
  std::vector<std::shared_ptr<OnMessage>> hearers_;
  std::vector<Outgoing> batch_;  // published in this turn
  std::size_t batch_bytes_ = 0;

  Answers answers_;
};

NatsClient::NatsClient(net::Loop& loop, NatsOptions options)
    : core_(std::make_shared<Core>(loop, std::move(options))) {}

NatsClient::~NatsClient() { core_->stop(); }

void NatsClient::start(Watcher watcher) { core_->start(std::move(watcher)); }
void NatsClient::stop() { core_->stop(); }

void NatsClient::subscribe(std::string subject, OnMessage on_message) {
  core_->subscribe(std::move(subject), std::move(on_message));
}

error_code NatsClient::publish(std::string_view subject, std::span<const std::byte> bytes,
                               Headers headers, std::string reply) {
  Outgoing outgoing;
  outgoing.subject = subject;
  outgoing.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  outgoing.headers = std::move(headers);
  outgoing.reply = std::move(reply);
  return core_->publish(std::move(outgoing));
}

Task<Result<Message>> NatsClient::request(std::string subject, std::string bytes, Headers headers,
                                          milliseconds timeout) {
  Request request{std::move(subject), std::move(bytes), std::move(headers)};
  return Core::request_one(core_, std::move(request), timeout);
}

Task<Result<std::vector<Message>>> NatsClient::request_all(std::vector<Request> requests,
                                                           milliseconds timeout) {
  return Core::request(core_, std::move(requests), timeout);
}

std::string NatsClient::open_inbox(OnMessage on_message, std::string consumer) {
  return core_->answers().open_inbox(std::move(on_message), std::move(consumer));
}
void NatsClient::close_inbox(std::string_view subject) { core_->answers().close_inbox(subject); }
void NatsClient::reconnect(std::string why) { core_->reconnect(why); }
bool NatsClient::is_up() const { return core_->is_up(); }
NatsStatus NatsClient::status() const { return core_->status(); }
net::Loop& NatsClient::loop() const { return core_->loop(); }

}  // namespace weft::nats
