// floor_epoll [--port N] [--fanout]: one thread, one level-triggered epoll set, one recv and one
// send for each readiness. Echoes; with --fanout, what a connection opened as /publish sends goes
// to all others by a bare send() loop. Prints its port, ends at SIGTERM.
#include "floor.hpp"

namespace {

/// Sends at once. What does not fit into the socket is lost: the floor has no outbox.
struct SendNow {
  std::string_view keep(std::string_view bytes) { return bytes; }
  void send(int fd, std::string_view bytes) {
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void end_of_turn() {}
};

}  // namespace

int main(int argc, char** argv) { return floor_server::run<SendNow>(argc, argv); }
