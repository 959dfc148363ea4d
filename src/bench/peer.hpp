// Where connections of a run go, where they come from and what they say first; and sockets on the
// way there. Nothing here waits: sockets are non-blocking.
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/url.hpp"

namespace weft::bench {

/// The run cannot go on; what() is a sentence for the user.
struct BenchError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Peer {
  sockaddr_in address = {};
  std::string request = {};  ///< sent at once; empty for HTTP, where every send is a request
  std::string hello = {};    ///< bytes that follow the upgrade: what the server wants to hear first
  bool is_http = false;      ///< speaks HTTP answers instead of frames and is open from the start
  bool is_tls = false;       ///< certificates are not checked: a bench asks what they cost
  std::string name = {};     ///< for errors: the URL's host and port
  std::size_t sources = 1;   ///< addresses of 127.0.0.0/8 to come from
  int receive_buffer = 0;    ///< SO_RCVBUF; 0 = the system's default
  int send_buffer = 0;       ///< SO_SNDBUF, likewise
};

/// Resolves `url`. `hello` is the text of a frame. Throws BenchError where the host is unknown, and
/// where several sources are asked for a server that is not on a loopback address.
Peer make_peer(const Url& url, const std::vector<std::string>& headers = {},
               std::size_t sources = 1, const std::string& hello = {});

/// Source number `index`: 127.0.0.1, then 127.1.0.1, 127.1.0.2 ... 127.1.0.250, 127.1.1.1 and so
/// on.
std::uint32_t source_address(std::size_t index);

/// A socket that is connecting to `peer`, from source `order` modulo its sources: with one address
/// alone the ports end at 28,000 connections. Throws BenchError when sockets run out.
int open_socket(const Peer& peer, std::size_t order);

/// Raises the limit of open files as far as it goes; throws BenchError where `connections` and some
/// files for ourselves do not fit under it.
void make_room_for(std::size_t connections);

}  // namespace weft::bench
