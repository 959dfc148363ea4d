// weft as a C++ program has it, for bench/compare: bench/weft.yaml and one listener.
#include "weft/server.hpp"

int main(int argc, char** argv) {
  weft::Server server{weft::load_config(argc, argv)};
  server.set_codec(*weft::Codec::shipped(weft::Envelope::data), "/events");
  server.events("/events").on("ECHO", [](weft::Connection& sender, const weft::Message& message) {
    sender.send("ECHO", message.data());
  });
  return server.run();
}
