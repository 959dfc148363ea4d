// A server whose clients log in as users and queue messages for each other; for
// tests/integration/test_message_queue_program.py.
#include <atomic>
#include <string>
#include <weft/server.hpp>

namespace {

namespace json = boost::json;
using weft::Connection;
using weft::Message;

std::string text(const Message& message) { return std::string(message.data().as_string()); }

/// {"status":…,"id":…}, or what went wrong.
json::value told(const weft::Result<weft::QueueReceipt>& receipt) {
  if (!receipt) return json::value(receipt.error().message());
  return {{"status", weft::to_string(receipt->status)}, {"id", receipt->id}};
}

}  // namespace

int main(int argc, char** argv) {
  weft::Server server{weft::load_config(argc, argv)};
  std::atomic<int> added = 0;
  server.lifecycle().on<weft::AddedMessageToQueue>(
      [&](const weft::AddedMessageToQueue& message) { added += !message.id.empty(); });

  weft::Listeners& events = server.events();
  events.on("LOGIN", [](Connection& sender, const Message& message) {
    sender.reply("LOGGED_IN", sender.bind_user(text(message)).has_value());
  });
  events.on("TELL", [&](Connection& sender, const Message& message) -> weft::Task<void> {
    const json::value data{{"from", std::string(sender.user())}};
    const auto receipt = co_await server.queue().add_user(text(message), "TOLD", data);
    sender.reply("RECEIPT", told(receipt));
  });
  events.on("TELL_ME", [&](Connection& sender, const Message& message) -> weft::Task<void> {
    const auto receipt = co_await server.queue().add(sender.id(), "TOLD", message.data());
    sender.reply("RECEIPT", told(receipt));
  });
  events.on("ADDED",
            [&](Connection& sender, const Message&) { sender.reply("ADDED", added.load()); });
  return server.run();
}
