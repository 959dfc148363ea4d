#include "bench/swarm.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace weft::bench {
namespace {

constexpr std::size_t kReadBuffer = 256 << 10;
constexpr std::size_t kEventsPerTurn = 1024;
constexpr std::size_t kJoiningAtOnce = 128;             // less than any listen backlog
constexpr std::int64_t kJoinPatience = 10'000'000'000;  // nanoseconds without one more upgrade

}  // namespace

std::int64_t now_nanos() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot).count();
}

Swarm::Swarm(SwarmSink& sink)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      sink_(sink),
      events_(kEventsPerTurn),
      buffer_(kReadBuffer, '\0') {
  make_room_for(0);  // as many files as we may: a run that knows its connections asks for them
}

Swarm::~Swarm() {
  leave();
  ::close(epoll_);
}

Member Swarm::join(const Peer& peer) {
  const auto who = static_cast<Member>(members_.size());
  members_.emplace_back();
  connect(who, peer);
  return who;
}

void Swarm::rejoin(Member who, const Peer& peer) { connect(who, peer); }

void Swarm::join_all(const Peer& peer, std::size_t count) {
  const std::size_t wanted = open_ + count, lost_before = closed_;
  std::int64_t last_progress = now_nanos();
  for (std::size_t begun = open_, seen = open_; open_ < wanted;) {
    for (; begun < wanted && begun - open_ < kJoiningAtOnce; ++begun) join(peer);
    turn(now_nanos() + 100'000'000);
    if (closed_ > lost_before) throw BenchError(peer.name + ": " + last_error_);
    if (open_ > seen) last_progress = now_nanos();
    seen = open_;
    if (now_nanos() - last_progress > kJoinPatience) {
      throw BenchError(peer.name + " upgraded " + std::to_string(open_) + " of " +
                       std::to_string(wanted) + " connections and then none for 10 s" +
                       " (may the server open enough files? see its ulimit -n)");
    }
  }
}

void Swarm::connect(Member who, const Peer& peer) {
  Connection& connection = members_[who];
  connection = {.fd = open_socket(peer, joined_++), .is_http = peer.is_http, .hello = peer.hello};
  if (peer.is_tls) connection.tls = std::make_unique<Tls>(connection.fd);
  connection.state = peer.is_http ? State::open : State::upgrading;
  if (peer.is_http) ++open_;
  watch(who, EPOLL_CTL_ADD);
  send(who, peer.request);
}

void Swarm::watch(Member who, int operation) {
  const Connection& connection = members_[who];
  epoll_event event{};
  if (!connection.is_paused) event.events |= EPOLLIN;
  if (connection.wants_to_write) event.events |= EPOLLOUT;
  event.data.u32 = who;
  epoll_ctl(epoll_, operation, connection.fd, &event);
}

void Swarm::set_interest(Member who, bool to_write, bool is_paused) {
  Connection& connection = members_[who];
  if (connection.state == State::closed) return;
  const bool wrote = std::exchange(connection.wants_to_write, to_write);
  const bool paused = std::exchange(connection.is_paused, is_paused);
  if (wrote != to_write || paused != is_paused) watch(who, EPOLL_CTL_MOD);
}

/// As send(): -1 with EAGAIN when nothing fits.
ssize_t Swarm::write_some(Connection& connection, std::string_view bytes) {
  if (connection.tls) return connection.tls->write(bytes);
  return ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

ssize_t Swarm::read_some(Connection& connection) {
  if (connection.tls) return connection.tls->read(buffer_.data(), buffer_.size());
  // MSG_TRUNC on a TCP socket: the kernel drops the bytes instead of copying them.
  const int flags = connection.discards ? MSG_TRUNC : 0;
  return recv(connection.fd, buffer_.data(), buffer_.size(), flags);
}

void Swarm::send(Member who, std::string_view bytes) {
  Connection& connection = members_[who];
  if (connection.state == State::closed || bytes.empty()) return;
  const bool was_full = !connection.unsent.empty();
  connection.unsent.append(was_full ? bytes : "");
  if (was_full) return;
  const ssize_t sent = write_some(connection, bytes);
  if (sent == static_cast<ssize_t>(bytes.size())) return;
  if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  if (sent < 0 && errno != EAGAIN) connection.error = errno;  // the next read drops it
  connection.unsent = bytes;
  const bool waits_for_read = connection.tls && connection.tls->write_waits_for_read();
  set_interest(who, !waits_for_read, connection.is_paused);
}

void Swarm::flush(Member who) {
  Connection& connection = members_[who];
  const ssize_t sent = write_some(connection, connection.unsent);
  if (sent > 0) connection.unsent.erase(0, static_cast<std::size_t>(sent));
  const bool waits_for_read = connection.tls && connection.tls->write_waits_for_read();
  const bool is_done = connection.unsent.empty();
  if (is_done) connection.unsent.shrink_to_fit();
  set_interest(who, !is_done && !waits_for_read, connection.is_paused);
  if (is_done) sink_.on_drained(who);
}

void Swarm::turn(std::int64_t until_nanos) {
  const std::int64_t wait = std::max<std::int64_t>(until_nanos - now_nanos(), 0);
  const timespec timeout{.tv_sec = wait / 1'000'000'000, .tv_nsec = wait % 1'000'000'000};
  const int ready =
      epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    const Member who = event.data.u32;
    if (event.events & EPOLLOUT) flush(who);
    if (event.events & ~EPOLLOUT) read(who);
  }
}

void Swarm::read(Member who) {
  Connection& connection = members_[who];
  if (connection.state == State::closed) return;
  if (connection.is_paused) return drop(who, "the server gave a connection up that did not read");
  const ssize_t got = read_some(connection);
  const int failed_with = got < 0 ? errno : connection.error;
  if (connection.tls && is_full(who)) flush(who);  // the handshake may have waited for this read
  if (got < 0 && failed_with == EAGAIN) return;
  if (got <= 0) {
    return drop(who, failed_with ? std::strerror(failed_with) : "the server closed a connection");
  }
  if (connection.discards) {
    discarded_ += static_cast<std::uint64_t>(got);
    return;
  }
  const std::size_t closed_before = closed_;
  std::string_view in(buffer_.data(), static_cast<std::size_t>(got));
  std::string whole;
  if (!members_[who].partial.empty()) {
    whole = std::exchange(members_[who].partial, {});
    in = whole.append(in);
  }
  if (members_[who].state == State::upgrading) in.remove_prefix(take_upgrade(who, in));
  if (members_[who].state == State::open) in.remove_prefix(take_replies(who, in));
  if (closed_ != closed_before) return;  // and perhaps joined again: the rest belongs to nobody
  if (!in.empty()) members_[who].partial = in;
  sink_.on_read_end(who);
}

std::size_t Swarm::take_upgrade(Member who, std::string_view in) {
  const auto end = upgrade_answer_end(in);
  if (!end) {
    drop(who, "the server refused the WebSocket: " + std::string(in.substr(0, in.find('\r'))));
    return 0;
  }
  if (!*end) return 0;
  members_[who].state = State::open;
  ++open_;
  send(who, members_[who].hello);
  sink_.on_open(who);
  return **end;
}

std::size_t Swarm::take_replies(Member who, std::string_view in) {
  std::size_t used = 0;
  while (used < in.size() && members_[who].state == State::open) {
    const auto next =
        members_[who].is_http ? next_http_answer(in.substr(used)) : next_frame(in.substr(used));
    if (!next) {
      drop(who, "unexpected answer: " + next.error().message());
      break;
    }
    if (!*next) break;
    used += (*next)->size;
    answer(who, **next);
  }
  return used;
}

void Swarm::answer(Member who, const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::message:
      return sink_.on_message(who, reply.payload);
    case Reply::Kind::ping:
      ++pings_;
      return send(who, client_frame(ws::Opcode::pong, reply.payload));
    case Reply::Kind::pong:
      return;
    case Reply::Kind::close:
      return drop(who, "the server closed a connection: " + close_text(reply.payload));
  }
}

void Swarm::drop(Member who, std::string why) {
  Connection& connection = members_[who];
  const bool was_open = connection.state == State::open;
  if (was_open) --open_;
  ++closed_;
  last_error_ = std::move(why);
  const int fd = connection.fd;
  connection = {.was_open = was_open};  // ends its TLS, which still knows the descriptor
  ::close(fd);
  sink_.on_closed(who);
}

void Swarm::leave() {
  for (Connection& connection : members_) {
    if (connection.state != State::closed) ::close(connection.fd);
    connection = {};  // TLS says no farewell
  }
  open_ = 0;
}

}  // namespace weft::bench
