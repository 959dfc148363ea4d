// A worker on the C++ client that does what clients of topic `probe` ask for and tells them how it
// ended. Driven by tests/integration/test_cpp_client.py; finds the directory in $WEFT_DIRECTORY.
#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <thread>

#include "weft/client.hpp"

namespace {

using weft::client::Message;
using weft::client::Node;
using weft::client::OnReply;
using weft::client::Reply;

std::vector<std::string> words_of(const Message& message) {
  const boost::json::value data = message.json();
  std::istringstream text(std::string(data.at("frame").at("data").as_string()));
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

std::string told(const Reply& reply) {
  if (reply.error)
    return "error " + std::to_string(reply.code) + " " + reply.error.message() + ": " +
           reply.message;
  std::ostringstream text;
  text << "success " << reply.success << " fail " << reply.fail << " total " << reply.total;
  return text.str();
}

class Probe {
 public:
  void on_message(Node& node, const Message& message) {
    const std::vector<std::string> words = words_of(message);
    const weft::ConnectionId client = message.client_id();
    const OnReply tell = [node, client](const Reply& reply) mutable {
      node.async_send(client, told(reply), [](const Reply&) {});
    };
    const std::string& verb = words.at(0);
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (verb == "nack" && message.attempt() == 1) return node.async_nack(message);
    if (verb == "dead") return node.async_dead(message, rest.at(0), tell);
    if (verb == "working") node.async_working(message, tell);
    if (verb == "subscribe") node.async_subscribe(client, rest, tell);
    if (verb == "unsubscribe") node.async_unsubscribe(client, rest, tell);
    if (verb == "publish") node.async_publish(rest.at(0), rest.at(1), tell);
    if (verb == "bytes")
      node.async_send(client, std::string_view("\x00\xff", 2), tell, weft::DataType::binary);
    if (verb == "lost") node.async_send(weft::ConnectionId{1}, "nobody", tell);
    if (verb == "add")
      node.async_add_message(rest.empty() ? client : weft::ConnectionId{1}, "HELLO",
                             weft::client::Value::json("[1]"), tell);
    if (verb == "push") node.async_push(rest.at(0), rest.at(1), tell);
    if (verb == "context") node.async_set_context(client, {{"uid", 7}, {"name", "ann"}}, tell);
    if (verb == "consume") node.async_consume({"probe"}, {}, tell);
    if (verb == "nack") node.async_send(client, "attempt " + std::to_string(message.attempt()), {});
    if (verb == "deadlock") tell(node.send(client, "never"));
    if (verb == "wait") wait_on_another_thread(node, client);
    if (verb == "throw") node.async_ack(message), throw std::runtime_error("as asked");
    node.async_ack(message, [](const Reply&) {});
  }

 private:
  void wait_on_another_thread(Node node, weft::ConnectionId client) {
    thread_ = std::jthread([node, client]() mutable {
      const Reply subscribed = node.subscribe(client, {"waited"});
      const Reply published = node.publish("waited", "first the message");
      node.send(client, told(subscribed) + ", " + told(published));
    });
  }

  std::jthread thread_;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

int main() {
  Probe probe;
  weft::client::ClientBuilder builder;
  if (const std::string authority = variable("PROBE_CA"); !authority.empty())
    builder.tls(authority);
  auto client =
      builder.directory(variable("WEFT_DIRECTORY"))
          .credentials(variable("PROBE_USER"), variable("PROBE_PASSWORD"))
          .consume({"probe"}, {.ack = true, .prefetch = 8})
          .backoff(std::chrono::milliseconds(20), std::chrono::milliseconds(200))
          .stop_on_signals()
          .on_message([&](Node& node, const Message& message) { probe.on_message(node, message); })
          .on_error([](const auto& problem) { std::cout << problem.message << std::endl; })
          .build();
  client.run();
}
