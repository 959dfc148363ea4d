#include "api/connmix_session.hpp"

#include <fmt/format.h>

#include <variant>

namespace weft::api {
namespace {

using connmix::ErrorCode;

constexpr std::size_t kMaxTogether = 256;  // requests under way, of one connection

template <class M>
constexpr bool kSettles =
    std::is_same_v<M, connmix::Ack> || std::is_same_v<M, connmix::Working> ||
    std::is_same_v<M, connmix::Nack> || std::is_same_v<M, connmix::Dead>;
template <class M>
constexpr bool kNeedsRead =
    kSettles<M> || std::is_same_v<M, connmix::Consume> || std::is_same_v<M, connmix::Unconsume> ||
    std::is_same_v<M, connmix::Watch> || std::is_same_v<M, connmix::Unwatch> ||
    std::is_same_v<M, connmix::AskUser> || std::is_same_v<M, connmix::AskPresence> ||
    std::is_same_v<M, connmix::AskNodes>;
template <class M>
constexpr bool kNeedsNothing =
    std::is_same_v<M, connmix::Refused> || std::is_same_v<M, connmix::Ping>;

}  // namespace

// What is done in the order in which it was asked for, without our waiting: publications to one
// channel, sends to one connection, pushes to one topic. Of sends to several connections nobody
// sees an order, nor of pushes to several topics, nor of what became of jobs. Everything else waits
// until what was asked before it is done: an answer to a sender does not overtake the publication
// before it, and a job is acknowledged after what its consumer pushed for it.
ConnmixSession::Kind ConnmixSession::kind_of(const connmix::Method& method) {
  return std::visit(
      []<class M>(const M& wanted) -> Kind {
        if constexpr (std::is_same_v<M, connmix::Publish>)
          return {Kind::publication, wanted.channel};
        else if constexpr (std::is_same_v<M, connmix::Send>)
          return {Kind::send};
        else if constexpr (std::is_same_v<M, connmix::Push>)
          return {Kind::push};
        else if constexpr (kSettles<M>)
          return {Kind::settlement};
        else
          return {};
      },
      method);
}

bool ConnmixSession::on_message(std::string_view text) {
  if (text == "ping") {
    send("pong");
    return true;
  }
  connmix::Request request = connmix::parse_request(text, current_.style);
  Kind kind = kind_of(request.method);
  const bool follows = kind.what != Kind::alone && kind == kind_;
  if (answers_.size() > 0 && !follows)
    held_ = std::move(request);
  else
    start(std::move(request), std::move(kind));
  stopped_ = must_wait();
  return !stopped_;
}

bool ConnmixSession::must_wait() const {
  const std::size_t bound = kind_.what == Kind::alone ? 1 : kMaxTogether;
  return held_ || answers_.size() >= bound || (connection_ && is_choked());
}

void ConnmixSession::start(connmix::Request request, Kind kind) {
  counters_.requests.add();
  in_message_ = true;
  kind_ = std::move(kind);
  current_ = std::move(request);
  now_ = answers_.open(current_.style, current_.id);
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

void ConnmixSession::answer(Number number, std::string text) {
  if (!connection_) return;
  answers_.answer(number, std::move(text), [this](const std::string& next) {
    if (connection_) send(next);
  });
  go_on();
}

// After an answer, or when the peer has read what it was sent.
void ConnmixSession::go_on() {
  if (!connection_ || in_message_ || !stopped_ || is_choked()) return;
  if (held_ && answers_.size() == 0) {
    connmix::Request next = *std::exchange(held_, std::nullopt);
    Kind kind = kind_of(next.method);
    start(std::move(next), std::move(kind));
  }
  if (must_wait()) return;
  stopped_ = false;
  connection_->resume();  // the next request may run inside
}

void ConnmixSession::fail(Number number, ErrorCode code, std::string_view message) {
  counters_.errors.add();
  answer(number, connmix::error_reply(answers_.asked(number), code, message));
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
