#include "program.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "chat.hpp"
#include "password.hpp"
#include "users.hpp"
#include "weft/client.hpp"

namespace {

/// The two people of the tour; only in a database without anybody.
void seed(chat::Users& users) {
  if (!users.empty()) return;
  users.add_first({{"user1", "user1@example.com", chat::hash_password("123456")},
                   {"user2", "user2@example.com", chat::hash_password("123456")}});
}

int run(const std::string& directory, const std::string& database, bool private_users) {
  chat::Users users(database);
  seed(users);

  std::optional<weft::client::Client> client;
  chat::Chat chat(
      users, [&](std::function<void()> work) { client->post(std::move(work)); }, private_users);

  weft::client::ClientBuilder builder;
  builder.directory(directory)
      .consume({"chat", "conn"}, {.ack = true, .prefetch = 256})
      .stop_on_signals()
      .on_connect([&](weft::client::Node& node) {
        std::clog << "connected to node " << node.id() << " at " << node.address() << std::endl;
        std::vector<std::string> alive;
        for (const weft::client::Node& each : client->nodes()) alive.push_back(each.id());
        chat.on_nodes(node, alive);
      })
      .on_message([&](weft::client::Node& node, const weft::client::Message& message) {
        chat.on_message(node, message);
      })
      .on_error([](const weft::client::Problem& problem) {
        std::clog << problem.node << (problem.node.empty() ? "" : ": ") << problem.message
                  << std::endl;
      });
  client.emplace(builder.build());
  client->run();
  chat.stop();
  return 0;
}

}  // namespace

int chat::program(int argc, char** argv) {
  CLI::App options{"The worker of weft's chat example."};
  std::string directory = "127.0.0.1:6787", database = "chat.sqlite";
  bool private_users = false;
  options.add_option("--directory", directory, "host:port of weft's node directory")
      ->envname("WEFT_DIRECTORY")
      ->capture_default_str();
  options.add_option("--database", database, "SQLite file with the users; made when it is missing")
      ->envname("CHAT_DATABASE")
      ->capture_default_str();
  options.add_flag("--private-users", private_users, "only user 7 may subscribe to channel user_7");
  CLI11_PARSE(options, argc, argv);
  try {
    return run(directory, database, private_users);
  } catch (const std::exception& error) {
    std::cerr << "chat_worker: " << error.what() << '\n';
    return 1;
  }
}
