// A node written with the framework, for tests/cluster/test_users.py and others: clients log in,
// and send to users and to everybody on any node. What happens is written to standard output, one
// line each, beside the log.
#include <cstdio>

#include "weft/server.hpp"

namespace {

using weft::Connection;
using weft::Message;
using weft::Task;
namespace json = weft::json;

void note(const std::string& line) {
  std::fprintf(stdout, "~ %s\n", line.c_str());
  std::fflush(stdout);
}

std::string word(const Message& message, const char* key) {
  return std::string(std::string_view(message.data().at(key).as_string()));
}

json::object told(const weft::PublishCount& count) {
  return {{"success", count.success}, {"fail", count.fail}, {"unreachable", count.unreachable}};
}

json::object told(const weft::Delivered& all) {
  return {{"success", all.queued}, {"fail", all.dropped}, {"unreachable", all.unreachable}};
}

void add_answers(weft::Server& server) {
  weft::Listeners& events = server.events();
  events.on("login", [&server](Connection& sender, const Message& message) -> Task<void> {
    const bool bound =
        (co_await server.cluster().register_user(sender.id(), word(message, "user"))).has_value();
    sender.reply("logged in", json::object{{"id", to_string(sender.id())}, {"bound", bound}});
  });
  events.on("enter", [&server](Connection& sender, const Message& message) -> Task<void> {
    std::vector<std::string> channels{word(message, "channel")};
    const bool there =
        (co_await server.cluster().subscribe(sender.id(), std::move(channels))).has_value();
    sender.reply("entered", there);
  });
  events.on("logout", [](Connection& sender, const Message&) {
    sender.unbind_user();
    sender.reply("logged out");
  });
  events.on("to user", [&server](Connection& sender, const Message& message) -> Task<void> {
    const std::string text = word(message, "text");
    const weft::Delivered all =
        co_await server.push_user(word(message, "user"), weft::Payload::text(text));
    sender.reply("told", told(all));
  });
  events.on("to all", [&server](Connection& sender, const Message& message) -> Task<void> {
    const std::string text = word(message, "text");
    const weft::Delivered all = co_await server.push_all(weft::Payload::text(text));
    sender.reply("told", told(all));
  });
  events.on("to channel", [&server](Connection& sender, const Message& message) -> Task<void> {
    const std::string text = word(message, "text");
    const weft::PublishCount count =
        co_await server.publish(word(message, "channel"), weft::Payload::text(text));
    sender.reply("told", told(count));
  });
}

void add_notes(weft::EventBus& bus) {
  bus.on<weft::UserRegistered>([](const weft::UserRegistered& one) {
    note("registered " + to_string(one.connection.id()) + " " + std::string(one.user));
  });
  bus.on<weft::UserLoggedOut>([](const weft::UserLoggedOut& one) {
    note("logged out " + to_string(one.connection.id()) + " " + std::string(one.user));
  });
  bus.on<weft::ConnectionOpen>(
      [](const weft::ConnectionOpen& one) { note("opened " + to_string(one.connection.id())); });
  bus.on<weft::ConnectionClosed>(
      [](const weft::ConnectionClosed& one) { note("closed " + to_string(one.connection.id())); });
  bus.on<weft::ConnectionLost>([](const weft::ConnectionLost& one) {
    note("closed " + to_string(one.connection) + " by the death of " + std::string(one.node) + " " +
         std::string(one.user));
  });
  bus.on<weft::PresenceJoined>([](const weft::PresenceJoined& one) {
    note("joined " + std::string(one.channel) + " " + std::string(one.user));
  });
  bus.on<weft::PresenceLeft>([](const weft::PresenceLeft& one) {
    note("left " + std::string(one.channel) + " " + std::string(one.user));
  });
  bus.on<weft::NodeSeen>([](const weft::NodeSeen& one) {
    if (one.first) note("node " + std::string(one.node));
  });
  bus.on<weft::NodeDown>([](const weft::NodeDown& one) {
    const bool lost = one.why == weft::NodeDown::Why::lost;
    note("node " + std::string(one.node) + (lost ? " lost" : " stopped"));
  });
}

}  // namespace

int main(int argc, char** argv) {
  weft::Server server{weft::load_config(argc, argv)};
  add_answers(server);
  add_notes(server.lifecycle());
  return server.run();
}
