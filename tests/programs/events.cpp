// A server with listeners of every kind and a diary of its lifecycle, for
// tests/integration/test_events.py.
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <mutex>
#include <stdexcept>

#include "weft/server.hpp"

namespace {

using namespace std::chrono_literals;
using weft::Connection;
using weft::Message;
using weft::Task;
namespace json = weft::json;

/// What happened, in order; every loop writes into it.
class Diary {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  json::array lines() {
    const std::lock_guard lock(mutex_);
    return json::array(lines_.begin(), lines_.end());
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(std::string_view(value.get_string()))
                           : json::serialize(value);
}

void add_answers(weft::Listeners& events) {
  events.on("TEST", [](Connection& sender, const Message&) {
    sender.send("RESPONSE_EVENT", {{"message", "Hello World"}});
  });
  events.on("echo", [](Connection& sender, const Message& message) {
    json::object headers;
    for (const auto& [name, value] : message.headers()) headers[name] = value;
    json::object answer;
    answer["data"] = message.data();
    answer["headers"] = headers;
    answer["bytes"] = message.bytes().size();
    answer["binary"] = message.type() == weft::DataType::binary;
    sender.reply("echoed", answer);
  });
  events.on("count", [](Connection& sender, const Message& message) {
    sender.reply("counted", message.data().get_array().size());
  });
  events.on("raw", [](Connection& sender, const Message&) {
    sender.send_raw("as it is");
    const auto bytes = std::as_bytes(std::span("\x01\x02", 2));
    sender.send_raw(bytes);
  });
}

void add_orders(weft::Listeners& events) {
  for (const int priority : {0, 10, -5, 10})
    events.on("order",
              [priority, count = 0](Connection& sender, const Message&) mutable {
                sender.send("called", {{"priority", priority}, {"times", ++count}});
              },
              {.priority = priority});
  events.on("order",
            [](Connection& sender, const Message&) -> Task<> {
              co_await weft::sleep(30ms);
              sender.send("called", {{"priority", 5}});
            },
            {.priority = 5});
}

void add_coroutines(weft::Listeners& events) {
  events.on("slow", [](Connection& sender, const Message& message) -> Task<> {
    co_await weft::sleep(50ms);
    sender.reply("slow", message.data());
  });
  events.on("late",
            [](Connection& sender, const Message&) -> Task<> {
              co_await weft::sleep(60s);
              sender.send("never", nullptr);
            },
            {.deadline = 200ms});
}

/// One listener that goes on when its deadline is over, and one that runs meanwhile.
void add_stubborn(weft::Listeners& events) {
  const weft::Answer<bool>::Giver next_began, over;
  events.on("stubborn",
            [=](Connection& sender, const Message&) -> Task<> {
              weft::Answer<bool> began = next_began.answer();
              co_await std::move(began);
              const weft::SendStatus answered = sender.reply("too late", nullptr);
              sender.send("stubborn", {{"answered", to_string(answered)}});
              over.give(true);
            },
            {.deadline = 50ms});
  events.on("next", [=](Connection& sender, const Message& message) -> Task<> {
    next_began.give(true);
    weft::Answer<bool> is_over = over.answer();
    co_await std::move(is_over);
    sender.reply("told", message.data());
  });
}

void add_faults(weft::Listeners& events) {
  events.on("throw", [](Connection&, const Message& message) {
    throw std::runtime_error("thrown on purpose: " + text_of(message.data()));
  });
  events.on("throw_later", [](Connection&, const Message&) -> Task<> {
    co_await weft::sleep(10ms);
    throw std::runtime_error("thrown later on purpose");
  });
  events.on("throw_oddly", [](Connection&, const Message&) { throw 7; });
}

void add_connection_calls(weft::Listeners& events) {
  events.on("close", [](Connection& sender, const Message& message) {
    const auto code = static_cast<weft::CloseCode>(message.data().at("code").to_number<int>());
    const auto closed = sender.close(code, text_of(message.data().at("reason")));
    if (!closed) sender.reply("refused", json::value(closed.error().message()));
  });
  events.on("about_me", [](Connection& sender, const Message&) {
    json::object about;
    about["id"] = to_string(sender.id());
    about["path"] = sender.request().path;
    about["query"] = sender.request().query_value("who").value_or("");
    about["user"] = sender.user();
    about["attributes"] = sender.attributes();
    sender.reply("about_you", about);
  });
  events.on("remember", [](Connection& sender, const Message& message) {
    sender.attributes()["remembered"] = message.data();
  });
  events.on("publish", [](Connection& sender, const Message& message) {
    sender.server().publish("news", weft::Payload::event("NEWS", message.data()));
  });
  events.on("join", [](Connection& sender, const Message& message) {
    const auto joined = sender.subscribe(text_of(message.data()));
    if (!joined) sender.reply("refused", json::value(joined.error().message()));
  });
}

void add_message_middleware(weft::Server& server) {
  const auto guard = [](weft::MessageContext& context,
                        weft::MessageNext next) -> Task<weft::MessageResult> {
    co_await weft::sleep(5ms);
    if (context.command == "raw") co_return weft::MessageRefusal{"not here", "forbidden"};
    const weft::MessageResult result = co_await next();
    context.connection.send("after", json::value(context.command));
    co_return result;
  };
  server.use_message(guard, weft::MessageStage::global, "/guarded");
}

void keep_diary(weft::EventBus& bus, Diary& diary) {
  bus.on<weft::StartWorker>([&](const auto&) { diary.add("start_worker"); });
  bus.on<weft::StartServer>([&](const auto&) { diary.add("start_server"); });
  bus.on<weft::RouterRegistered>([&](const auto&) { diary.add("router.register"); });
  bus.on<weft::WorkerStarted>([&](const auto& event) {
    if (event.loop == 0) diary.add("first loop started");
  });
  bus.on<weft::NodeSeen>([&](const auto& event) {
    diary.add("node of " + std::to_string(event.node.size()) + " characters");
  });
  bus.on<weft::NodeDown>([](const auto& event) {
    std::puts(event.why == weft::NodeDown::Why::stopped ? "the node stopped" : "?");
  });
  bus.on<weft::OpenBefore>([&](const auto&) { diary.add("open.before"); });
  bus.on<weft::ConnectionOpen>([&](const auto& event) {
    diary.add("open key=" + std::to_string(event.handshake_key.size()));
  });
  bus.on<weft::MessageReceived>(
      [&](const auto& event) { diary.add("message " + std::string(event.message.event())); });
  bus.on<weft::MessageHandled>(
      [&](const auto& event) { diary.add("handled " + std::string(event.message.event())); });
  bus.on<weft::MessageSent>([&](const auto& event) {
    diary.add("sent " + std::string(event.event) + " " + std::string(to_string(event.status)));
  });
  bus.on<weft::HandlerException>(
      [&](const auto& event) { diary.add("exception " + std::string(event.what)); });
  bus.on<weft::CloseBefore>([&](const auto&) { diary.add("close.before"); });
  bus.on<weft::ConnectionClosed>([&](const auto& event) {
    const char* by[] = {"client", "server", "network"};
    diary.add("closed " + std::to_string(event.info.code) + " " + event.info.reason + " by " +
              by[static_cast<int>(event.info.by)]);
  });
  // What a subscriber throws changes nothing.
  bus.on<weft::ConnectionOpen>([](const auto&) { throw std::runtime_error("a bad subscriber"); });
}

}  // namespace

int main(int argc, char** argv) {
  weft::Server server{weft::load_config(argc, argv)};
  Diary diary;
  keep_diary(server.lifecycle(), diary);
  add_answers(server.events());
  add_orders(server.events());
  add_coroutines(server.events());
  add_stubborn(server.events());
  add_faults(server.events());
  add_connection_calls(server.events());
  add_message_middleware(server);
  server.events().on("diary", [&](Connection& sender, const Message&) {
    sender.send_raw(json::serialize(diary.lines()));
  });
  server.events("/any").on_any([](Connection& sender, const Message& message) {
    sender.send("any", {{"event", message.event()}, {"value", message.value()}});
  });
  server.events("/mirror").on_any(
      [](Connection& sender, const Message& message) { sender.send("ignored", message.data()); });
  return server.run();
}
