// Uses the installed client: sends to an address where nobody listens and expects a plain error, then prints the version.
#include <cstdio>
#include <weft/client.hpp>
#include <weft/version.hpp>

int main() {
  const auto event = weft::client::Message::parse(
      R"({"e":"queue.pop","p":{"c":"1463819408261513216","t":"chat","d":{"x":1}},"id":null})");
  if (!event || event->topic() != "chat" || weft::to_string(event->client_id()) != "1463819408261513216") return 1;
  std::puts(weft::kVersion);
}
