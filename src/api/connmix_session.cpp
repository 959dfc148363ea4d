#include "api/connmix_session.hpp"

#include <fmt/format.h>

#include <variant>

namespace weft::api {
namespace {

using connmix::ErrorCode;

constexpr std::size_t kMaxPublishing = 64;  // publications on their way, of one connection

template <class M>
constexpr bool kNeedsRead =
    std::is_same_v<M, connmix::Consume> || std::is_same_v<M, connmix::Unconsume> ||
    std::is_same_v<M, connmix::Ack> || std::is_same_v<M, connmix::Working> ||
    std::is_same_v<M, connmix::Nack> || std::is_same_v<M, connmix::Dead> ||
    std::is_same_v<M, connmix::Watch> || std::is_same_v<M, connmix::Unwatch> ||
    std::is_same_v<M, connmix::AskUser> || std::is_same_v<M, connmix::AskPresence> ||
    std::is_same_v<M, connmix::AskNodes>;
template <class M>
constexpr bool kNeedsNothing =
    std::is_same_v<M, connmix::Refused> || std::is_same_v<M, connmix::Ping>;

}  // namespace

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

}  // namespace weft::api
