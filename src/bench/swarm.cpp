#include "bench/swarm.hpp"

#include <netinet/tcp.h>
#include <sys/resource.h>
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

bool is_loopback(const sockaddr_in& address) { return ntohl(address.sin_addr.s_addr) >> 24 == 127; }

/// 127.0.0.1, then 127.1.0.1, 127.1.0.2 ... 127.1.0.250, 127.1.1.1 and so on.
sockaddr_in source_address(std::size_t index) {
  sockaddr_in source{};
  source.sin_family = AF_INET;
  const auto host = static_cast<std::uint32_t>(
      index == 0 ? 0x7F000001 : 0x7F010000 + ((index - 1) / 250 << 8) + (index - 1) % 250 + 1);
  source.sin_addr.s_addr = htonl(host);
  return source;
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int open_socket(const Peer& peer, std::size_t order) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    throw BenchError("cannot open connection " + std::to_string(order + 1) + ": " +
                     std::strerror(errno) +
                     (errno == EMFILE ? " (raise the limit: ulimit -n)" : ""));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (peer.sources > 1 && is_loopback(peer.address)) {
    const sockaddr_in source = source_address(order % peer.sources);
    // The port is chosen at connect, so that one address serves 28,000 connections to each server
    // port.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    (void)bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source);
  }
  return fd;
}

}  // namespace

std::int64_t now_nanos() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot).count();
}

Peer make_peer(const Url& url, const std::vector<std::string>& headers, std::size_t sources) {
  const Result<sockaddr_in> address = resolve(url);
  if (!address) throw BenchError("cannot find host " + url.host);
  return {.address = *address,
          .request = url.is_http ? "" : upgrade_request(url, headers),
          .is_http = url.is_http,
          .name = url.authority(),
          .sources = sources};
}

Swarm::Swarm(SwarmSink& sink)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      sink_(sink),
      events_(kEventsPerTurn),
      buffer_(kReadBuffer, '\0') {
  raise_descriptor_limit();
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
                       std::to_string(wanted) + " connections and then none for 10 s");
    }
  }
}

void Swarm::connect(Member who, const Peer& peer) {
  Connection& connection = members_[who];
  connection = {.fd = open_socket(peer, joined_++), .is_http = peer.is_http};
  connection.state = peer.is_http ? State::open : State::upgrading;
  if (peer.is_http) ++open_;
  watch(who, EPOLL_CTL_ADD);
  const auto* address = reinterpret_cast<const sockaddr*>(&peer.address);
  if (::connect(connection.fd, address, sizeof peer.address) != 0 && errno != EINPROGRESS) {
    throw BenchError("cannot connect to " + peer.name + ": " + std::strerror(errno));
  }
  send(who, peer.request);
}

void Swarm::watch(Member who, int operation) {
  epoll_event event{};
  event.events = members_[who].wants_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u32 = who;
  epoll_ctl(epoll_, operation, members_[who].fd, &event);
}

void Swarm::send(Member who, std::string_view bytes) {
  Connection& connection = members_[who];
  if (connection.state == State::closed) return;
  if (connection.unsent.empty()) {
    const ssize_t sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN) connection.error = errno;  // the next read drops it
  }
  connection.unsent.append(bytes);
  if (!std::exchange(connection.wants_to_write, true)) watch(who, EPOLL_CTL_MOD);
}

void Swarm::flush(Member who) {
  Connection& connection = members_[who];
  const ssize_t sent =
      ::send(connection.fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
  if (sent > 0) connection.unsent.erase(0, static_cast<std::size_t>(sent));
  if (!connection.unsent.empty()) return;
  connection.unsent.shrink_to_fit();
  connection.wants_to_write = false;
  watch(who, EPOLL_CTL_MOD);
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
  if (members_[who].state == State::closed) return;
  const ssize_t got = recv(members_[who].fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    const int error = got < 0 ? errno : members_[who].error;
    return drop(who, error ? std::strerror(error) : "the server closed a connection");
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
  ::close(connection.fd);
  connection = {.was_open = was_open};
  sink_.on_closed(who);
}

void Swarm::leave() {
  for (Connection& connection : members_) {
    if (connection.state != State::closed) ::close(connection.fd);
    connection = {};
  }
  open_ = 0;
}

}  // namespace weft::bench
