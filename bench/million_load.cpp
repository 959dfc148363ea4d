// One of the load processes of bench/million.sh: holds WebSocket connections that say nothing,
// answers their pings and counts what is published to them. Obeys lines on its standard input:
//
//   open COUNT   ->  open TOTAL SECONDS
//   count        ->  count MESSAGES LAST PINGS LOST    since it began; LAST: CLOCK_MONOTONIC in ns
//   close        ->  closed
//
// and ends with its input. million_load URL SOURCES: addresses of 127.0.0.0/8 to come from.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "bench/swarm.hpp"

namespace weft::bench {
namespace {

constexpr std::int64_t kLook = 5'000'000;  // nanoseconds between two looks at the input

class Load : SwarmSink {
 public:
  Load(const std::string& url, std::size_t sources)
      : peer_(make_peer(parse_url(url).value(), {}, sources)) {}

  void run() {
    for (std::string line; read_line(line);) obey(line);
  }

 private:
  void on_message(Member /*who*/, std::string_view /*payload*/) override {
    ++messages_;
    last_ = now_nanos();
  }

  // Turns the connections while there is nothing to read.
  bool read_line(std::string& line) {
    for (pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};;) {
      if (::poll(&input, 1, 0) > 0) return static_cast<bool>(std::getline(std::cin, line));
      swarm_.turn(now_nanos() + kLook);
    }
  }

  void obey(const std::string& line) {
    std::istringstream words(line);
    std::string order;
    std::size_t count = 0;
    words >> order >> count;
    if (order == "open") return open(count);
    if (order == "count")
      std::printf("count %llu %lld %llu %zu\n", static_cast<unsigned long long>(messages_),
                  static_cast<long long>(last_), static_cast<unsigned long long>(swarm_.pings()),
                  swarm_.closed_count());
    if (order == "close") {
      swarm_.leave();
      std::puts("closed");
    }
    std::fflush(stdout);
  }

  void open(std::size_t count) {
    const std::int64_t began = now_nanos();
    if (count) swarm_.join_all(peer_, count);
    std::printf("open %zu %.3f\n", swarm_.open_count(),
                static_cast<double>(now_nanos() - began) * 1e-9);
    std::fflush(stdout);
  }

  Peer peer_;
  std::uint64_t messages_ = 0;
  std::int64_t last_ = 0;
  Swarm swarm_{*this};
};

}  // namespace
}  // namespace weft::bench

int main(int count, char** words) {
  if (count != 3) return std::fprintf(stderr, "million_load URL SOURCES\n"), 2;
  try {
    weft::bench::make_room_for(0);
    weft::bench::Load(words[1], std::strtoul(words[2], nullptr, 10)).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "million_load: %s\n", error.what());
    return 1;
  }
}
