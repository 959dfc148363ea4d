// floor_epoll [--port N] [--fanout]: one thread, one level-triggered epoll set, one recv and one
// send for each readiness. Echoes; with --fanout, what a connection opened as /publish sends goes
// to all others by a bare send() loop. Prints its port, ends at SIGTERM.
#include <sys/epoll.h>

#include "floor.hpp"

using namespace floor_server;

namespace {

constexpr std::size_t kBuffer = 256 * 1024;

class Server {
 public:
  Server(int port, bool fanout)
      : fanout_(fanout), epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen_and_say(port)) {
    watch(listener_);
  }

  void run() {
    std::vector<epoll_event> events(1024);
    for (;;) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        fd == listener_ ? accept_all() : read(fd);
      }
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all() {
    for (int fd; (fd = accept_one(listener_)) >= 0;) {
      if (static_cast<std::size_t>(fd) >= connections_.size()) {
        connections_.resize(static_cast<std::size_t>(fd) + 1);
      }
      watch(fd);
    }
  }

  void read(int fd) {
    const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return drop(fd);
    Connection& connection = connections_[static_cast<std::size_t>(fd)];
    std::string_view in(buffer_.data(), static_cast<std::size_t>(got));
    if (!connection.partial.empty() || !connection.upgraded) in = connection.partial.append(in);
    out_.clear();
    bool closed = false;
    const std::size_t used = connection.upgraded ? answer(in, out_, closed) : upgrade(fd, in);
    std::string rest(in.substr(used));
    connection.partial.swap(rest);
    if (out_.empty()) return;
    if (!connection.publisher || closed || used == 0) {
      send_to(fd);
    } else {
      for (const int subscriber : subscribers_) send_to(subscriber);
    }
    if (closed) drop(fd);
  }

  std::size_t upgrade(int fd, std::string_view in) {
    const std::size_t end = in.find("\r\n\r\n");
    if (end == in.npos) return 0;
    Connection& connection = connections_[static_cast<std::size_t>(fd)];
    connection.upgraded = true;
    const std::string reply = upgrade_answer(in);
    (void)!send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
    if (fanout_ && !(connection.publisher = in.starts_with("GET /publish"))) {
      connection.position = static_cast<std::uint32_t>(subscribers_.size());
      subscribers_.push_back(fd);
    }
    return end + 4;
  }

  // What does not fit into the socket is lost: the floor has no outbox.
  void send_to(int fd) { (void)!send(fd, out_.data(), out_.size(), MSG_NOSIGNAL); }

  void drop(int fd) {
    Connection& gone = connections_[static_cast<std::size_t>(fd)];
    if (fanout_ && gone.upgraded && !gone.publisher) {
      const int last = subscribers_.back();
      subscribers_[gone.position] = last;
      connections_[static_cast<std::size_t>(last)].position = gone.position;
      subscribers_.pop_back();
    }
    gone = {};
    close(fd);
  }

  bool fanout_;
  int epoll_, listener_;
  std::vector<Connection> connections_;  // by descriptor
  std::vector<int> subscribers_;
  std::string buffer_ = std::string(kBuffer, '\0'), out_;
};

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  bool fanout = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--fanout") fanout = true;
    if (word == "--port" && i + 1 < argc) port = std::atoi(argv[++i]);
  }
  stop_on_signals();
  Server(port, fanout).run();
}
