// A weft::Server inside of the test, on ports of its own, with two loops.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

#include "web_client.hpp"
#include "weft/server.hpp"

namespace weft::test {

using std::chrono::milliseconds;

/// A JSON text.
inline json::value words(std::string_view text) { return json::string(text); }

class ServerTest : public testing::Test {
 protected:
  static constexpr unsigned kLoops = 2;

  ServerTest() {
    // Every client may ask who it is; that is how the test learns ids.
    server_.events().on("ID", [](Connection& sender, const Message&) {
      sender.send("ID", words(to_string(sender.id())));
    });
    server_.events().on("ECHO", [](Connection& sender, const Message& message) {
      sender.send("ECHO", message.data());
    });
  }
  ~ServerTest() override {
    clients_.clear();
    server_.stop();
    server_.join();
    std::filesystem::remove(log_);
  }

  static ServerOptions options(const std::string& log) {
    ServerOptions options;
    options.yaml =
        "listen: { clients: \"127.0.0.1:0\", api: \"127.0.0.1:0\", directory: \"127.0.0.1:0\" }\n"
        "node: { loops: 2, drain: 0s }\n"
        "log: { file: \"" +
        log +
        "\" }\n"
        "paths:\n"
        "  - { path: /, dialect: events }\n"
        "  - { path: /small, dialect: events, max_outbox: 64KiB, when_slow: drop_oldest }\n";
    options.environment = options.signals = options.banner = false;
    return options;
  }

  struct Client {
    std::unique_ptr<WebClient> socket;
    ConnectionId id;
    WebClient* operator->() const { return socket.get(); }
  };
  Client connect(const std::string& path = "/") {
    Client client{std::make_unique<WebClient>(server_.ports().clients, path), {}};
    client->say("ID");
    const auto answer = boost::json::parse(client->hear());
    client.id = *parse_connection_id(answer.at("data").as_string());
    return client;
  }
  /// One on each loop.
  std::vector<Client> connect_on_every_loop() {
    std::vector<Client> all;
    while (all.size() < kLoops) {
      Client client = connect();
      const auto same = [&](const Client& other) { return loop_of(other) == loop_of(client); };
      if (std::none_of(all.begin(), all.end(), same))
        all.push_back(std::move(client));
      else
        clients_.push_back(std::move(client));
    }
    return all;
  }
  /// As docs/words.md says of ids: their last ten bits, modulo the loops.
  static unsigned loop_of(const Client& client) {
    return static_cast<unsigned>(static_cast<std::int64_t>(client.id) & 1023) % kLoops;
  }

  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
  }
  double stat(const std::string& name) const {
    const auto all = server_.stats();
    const auto found = all.find(name);
    return found == all.end() ? -1 : found->second;
  }
  template <class Condition>
  void wait_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }

  const std::string log_ =
      testing::TempDir() + "weft_server_calls_" + std::to_string(::getpid()) + ".log";
  Server server_{options(log_)};
  std::vector<Client> clients_;
};

}  // namespace weft::test
