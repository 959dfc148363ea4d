#include "net/listener.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace weft::net {
namespace {

using boost::asio::ip::tcp;
constexpr int kAcceptsPerTurn = 64;

}  // namespace

Listener::Listener(Loop& loop, BoundAddress& address, ListenerOptions options,
                   metrics::Registry& metrics, Make make)
    : loop_(loop),
      options_(std::move(options)),
      make_(std::move(make)),
      fd_(listening_socket(address)),
      pause_([this] { resume(); }),
      accepted_(metrics.counter("weft_connections_accepted_total", "sockets accepted")),
      handed_over_(metrics.counter("weft_connections_handed_over_total",
                                   "sockets given to a loop with fewer connections")),
      paused_(metrics.counter("weft_accept_pauses_total",
                              "times accepting paused for want of descriptors")) {
  if (!address.balance) address.balance = std::make_shared<Balance>(loop.count());
  balance_ = address.balance;
  balance_->join(loop_, *this);
  loop_.poller().add(fd_, EPOLLIN, *this);
}

Listener::~Listener() { close(); }

void Listener::close() {
  if (fd_ < 0) return;
  balance_->leave(loop_);
  if (pause_.is_set())
    count_paused(-1);
  else
    loop_.poller().remove(fd_);
  pause_.cancel();
  ::close(std::exchange(fd_, -1));
}

void Listener::on_ready(std::uint32_t /*events*/) {
  for (int i = 0; i < kAcceptsPerTurn && fd_ >= 0; ++i) {
    tcp::endpoint remote;
    auto size = static_cast<socklen_t>(remote.capacity());
    const int fd = ::accept4(fd_, remote.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      remote.resize(size);
      accepted(fd, remote);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return pause(errno);
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void Listener::accepted(int fd, const tcp::endpoint& remote) {
  accepted_.add();
  Stream::Accepted connection{.fd = fd, .remote = remote, .admission = {}, .tls = {}};
  if (options_.gate) {
    auto [admission, refusal] = options_.gate->admit(remote.address(), loop_.now());
    if (refusal != Refusal::none) return refuse(fd, refusal, remote);
    connection.admission = std::move(admission);
  }
  Loop& place = balance_->place_for(loop_);
  if (&place == &loop_)
    open(std::move(connection));
  else
    hand_over(place, std::move(connection));
}

// A connection between two loops. It may wait longer than the listener that accepted it lives, and
// a loop that stops destroys it unopened: then the descriptor and the gate's place go back here.
struct Listener::HandOver {
  HandOver(Loop& its_loop, std::shared_ptr<Balance> its_balance, std::shared_ptr<Gate> its_gate,
           Stream::Accepted accepted)
      : to(its_loop),
        balance(std::move(its_balance)),
        gate(std::move(its_gate)),
        connection(std::move(accepted)) {
    to.add_load(1);
  }
  HandOver(HandOver&&) = delete;
  ~HandOver() {
    to.add_load(-1);
    if (connection.fd >= 0) ::close(connection.fd);
  }

  Stream::Accepted take() {
    Stream::Accepted taken = std::move(connection);
    connection.fd = -1;
    return taken;
  }

  Loop& to;
  std::shared_ptr<Balance> balance;
  std::shared_ptr<Gate> gate;  // before the connection, whose admission knows it
  Stream::Accepted connection;
};

void Listener::hand_over(Loop& to, Stream::Accepted connection) {
  handed_over_.add();
  auto moved = std::make_unique<HandOver>(to, balance_, options_.gate, std::move(connection));
  to.post([moved = std::move(moved)] {
    Listener* listener = moved->balance->listener_of(moved->to);
    if (listener) listener->open(moved->take());
  });
}

void Listener::open(Stream::Accepted connection) {
  if (options_.tls) connection.tls = options_.tls->new_session();
  Stream::open(loop_, std::move(connection), make_);
}

void Listener::refuse(int fd, Refusal refusal, const tcp::endpoint& remote) {
  if (refuse_log_.pass(loop_.now()))
    log::warn("refused {}: {} is reached ({} more refused since the last line)", to_string(remote),
              name_of(refusal), refuse_log_.suppressed());
  if (options_.refusal_answer && !options_.tls) {
    const std::string answer = options_.refusal_answer(refusal);
    std::array<char, 4096> request;
    // What the client may have sent already is read, or closing would reset the answer away.
    [[maybe_unused]] const ssize_t read = ::recv(fd, request.data(), request.size(), MSG_DONTWAIT);
    [[maybe_unused]] const ssize_t sent =
        ::send(fd, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
  }
  ::close(fd);
}

void Listener::pause(int error) {
  paused_.add();
  if (pause_log_.pass(loop_.now()))
    log::error(
        "accepting pauses for 1 s: {} (raise the descriptor limit: ulimit -n, or LimitNOFILE= in "
        "the unit)",
        std::strerror(error));
  loop_.poller().remove(fd_);
  loop_.timers().set(pause_, Millis(1000));
  count_paused(1);
}

void Listener::resume() {
  count_paused(-1);
  loop_.poller().add(fd_, EPOLLIN, *this);
}

void Listener::count_paused(int change) {
  if (options_.paused) options_.paused->fetch_add(change, std::memory_order_relaxed);
}

}  // namespace weft::net
