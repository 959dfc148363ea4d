// queue_worker DIRECTORY [TOPIC]: consumes a topic and sends each frame back to the connection it came from:
// the worker's half of `weft bench queue`. Says "ready" when the first node is connected, ends at SIGTERM.
#include <boost/json.hpp>
#include <cstdio>
#include <string>

#include "weft/client.hpp"

namespace {

using weft::client::Message;
using weft::client::Node;

/// The text of the frame that bench/lua/queue.lua pushed.
std::string frame_text(const Message& message) {
  const boost::json::value data = message.json();
  return std::string(data.at("frame").at("data").as_string());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: queue_worker DIRECTORY_HOST:PORT [TOPIC]\n");
    return 2;
  }
  weft::client::Client client =
      weft::client::ClientBuilder()
          .directory(argv[1])
          .consume({argc > 2 ? argv[2] : "bench"})
          .on_connect([](Node&) {
            std::puts("ready");
            std::fflush(stdout);
          })
          .on_message([](Node& node, const Message& message) {
            node.async_send(message.client_id(), frame_text(message));
          })
          .on_error([](const weft::client::Problem& problem) {
            std::fprintf(stderr, "%s: %s\n", problem.node.c_str(), problem.message.c_str());
          })
          .stop_on_signals()
          .build();
  client.run();
}
