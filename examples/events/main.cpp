#include <weft/server.hpp>

int main(int argc, char** argv) {
  weft::Server server{weft::load_config(argc, argv)};
  server.events().on("TEST", [](weft::Connection& sender, const weft::Message&) {
    sender.send("RESPONSE_EVENT", {{"message", "Hello World"}});
  });
  return server.run();
}
