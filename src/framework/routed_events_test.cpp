#include "framework/routed_events.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "framework/fake_connection.hpp"
#include "framework/fake_queue.hpp"
#include "script/fake_host.hpp"

namespace weft::framework {
namespace {

class Said : public FakeMessage {
 public:
  using FakeMessage::FakeMessage;
  const json::value* id() const override { return &id_; }
  const std::vector<Header>& headers() const override { return headers_; }

 private:
  json::value id_ = "a1";
  std::vector<Header> headers_{{"language", "en"}};
};

class RoutedEventsTest : public testing::Test {
 protected:
  ~RoutedEventsTest() override { std::filesystem::remove(file_); }

  const ListenerEntry& route(const Route& route) {
    const auto tell = [](Connection& connection, const Message&, std::string_view code,
                         std::string_view) { connection.reply("error", json::string(code)); };
    return routed_.add({route}, tell).entries().front();
  }
  void script(const std::string& text) { std::ofstream(file_, std::ios::trunc) << text; }
  const ListenerEntry& function(const std::string& name) {
    return route({.event = "PRICE", .file = file_, .function = name});
  }
  /// Begins the coroutine of a listener; how_ says what it threw, "" = nothing, when it has ended.
  void begin(const ListenerEntry& listener, const Message& message) {
    how_.reset();
    boost::asio::co_spawn(loop_.context(), listener.coroutine(connection_, message),
                          [this](std::exception_ptr error) {
                            how_ = "";
                            try {
                              if (error) std::rethrow_exception(error);
                            } catch (const std::exception& thrown) {
                              how_ = thrown.what();
                            }
                          });
    run();
  }
  void run() {
    loop_.context().restart();
    loop_.context().poll();
  }
  std::string sent() const {
    if (connection_.events.empty()) return "";
    const auto& [event, data] = connection_.events.back();
    return event + " " + json::serialize(data);
  }

  metrics::Registry registry_;
  net::Loop loop_{0, 1, registry_};
  script::FakeHost host_;
  script::Vm vm_{loop_, host_, {}, registry_};
  FakeQueue queue_;
  RoutedEvents routed_{loop_, queue_, vm_};
  FakeConnection connection_;
  Said message_{"PRICE", json::parse(R"({"item":"tea"})")};
  std::optional<std::string> how_;
  std::string file_ = (std::filesystem::temp_directory_path() /
                       ("weft_routed_" + std::to_string(::getpid()) + ".lua"))
                          .string();
};

TEST_F(RoutedEventsTest, AnEventBecomesAJob) {
  route({.event = "ORDER", .topic = "orders"}).plain(connection_, message_);
  ASSERT_EQ(queue_.pushed.size(), 1u);
  EXPECT_EQ(queue_.pushed[0].topic, "orders");
  EXPECT_EQ(queue_.pushed[0].from, connection_.id());
  EXPECT_EQ(queue_.pushed[0].data,
            R"({"event":"PRICE","headers":{"language":"en"},"data":{"item":"tea"},"id":"a1"})");
  EXPECT_EQ(sent(), "");
}

TEST_F(RoutedEventsTest, AFullQueueIsToldToTheClient) {
  queue_.refuse = queue::QueueErrc::full;
  route({.event = "ORDER", .topic = "orders"}).plain(connection_, message_);
  EXPECT_EQ(sent(), R"(error "full")");
}

TEST_F(RoutedEventsTest, AQueueThatHasToBeAskedIsWaitedFor) {
  queue_.is_slow = true;
  begin(route({.event = "ORDER", .topic = "orders"}), message_);
  EXPECT_EQ(how_, "");
  EXPECT_EQ(queue_.pushed.size(), 1u);
  EXPECT_EQ(sent(), "");
  queue_.is_slow = true;
  queue_.refuse = queue::QueueErrc::full;
  begin(route({.event = "ORDER", .topic = "orders"}), message_);
  EXPECT_EQ(sent(), R"(error "full")");
}

TEST_F(RoutedEventsTest, BytesThatAreNoTextTravelAsBase64) {
  EXPECT_NE(routed_json(Said("message", "\xff\xfe")).value().find(R"({"base64":"//4="})"),
            std::string::npos);
  json::array inside{json::string("\xff")};
  EXPECT_EQ(routed_json(Said("message", inside)).error(), MessageErrc::not_decodable);
}

TEST_F(RoutedEventsTest, AFunctionAnswers) {
  script("function on_price(m, conn) return 'ANSWER', { m.data.item, m.headers.language } end");
  begin(function("on_price"), message_);
  EXPECT_EQ(how_, "");
  EXPECT_EQ(sent(), R"(ANSWER ["tea","en"])");
}

TEST_F(RoutedEventsTest, TheHouseTellsQueuesAndFunctions) {
  script("function on_house(m, conn) mix.queue.push('seen', m.event .. ' ' .. m.node) end");
  routed_.add_house(
      {{.event = "", .topic = "happened"}, {.event = "", .file = file_, .function = "on_house"}});
  routed_.tell_house(ConnectionId{7}, R"({"event":"discover","node":"n2"})");
  run();
  ASSERT_EQ(queue_.pushed.size(), 1u);
  EXPECT_EQ(queue_.pushed[0].topic, "happened");
  EXPECT_EQ(queue_.pushed[0].data, R"({"event":"discover","node":"n2"})");
  ASSERT_EQ(host_.pushed.size(), 1u);
  EXPECT_EQ(host_.pushed[0].json, R"("discover n2")");
  EXPECT_THROW(routed_.add_house({{.event = "", .file = file_, .function = "other"}}),
               script::ScriptError);
}

TEST_F(RoutedEventsTest, WhatIsOverheardDoesNotPileUpBeforeWhoIsSlow) {
  script("function on_message(m, conn) mix.mesh.publish('feed', m.data) end");
  metrics::Counter& untold = registry_.counter("untold", "test");
  routed_.add_overhearing({{.event = "", .file = file_, .function = "on_message"}}, untold);
  const std::string big =
      R"({"data":")" + std::string(RoutedEvents::kMostOverheard / 4, 'x') + "\"}";
  for (int i = 0; i < 10; ++i) routed_.tell_overheard(ConnectionId{7}, big);
  run();
  EXPECT_EQ(untold.value(), 6u) << "each waits for its publication";
  for (int i = 0; i < 4; ++i) host_.complete_all(), run();
  EXPECT_EQ(host_.published.size(), 4u);
  routed_.tell_overheard(ConnectionId{7}, big);
  EXPECT_EQ(host_.published.size(), 5u) << "there is room again";
}

TEST_F(RoutedEventsTest, WhatAQueueRefusesIsCounted) {
  metrics::Counter& untold = registry_.counter("untold", "test");
  routed_.add_overhearing({{.event = "", .topic = "heard"}}, untold);
  queue_.refuse = queue::QueueErrc::full;
  routed_.tell_overheard(ConnectionId{7}, "{}");
  EXPECT_EQ(untold.value(), 1u);
}

TEST_F(RoutedEventsTest, AFunctionThatWaitsAnswersLater) {
  script("function f() mix.mesh.publish('feed', 'x') return 'DONE' end");
  begin(function("f"), message_);
  EXPECT_EQ(how_, std::nullopt);
  host_.complete_all();
  run();
  EXPECT_EQ(how_, "");
  EXPECT_EQ(sent(), "DONE null");
}

TEST_F(RoutedEventsTest, AnErrorOfTheScriptIsThrown) {
  script("function f() error('no tea') end");
  begin(function("f"), message_);
  EXPECT_NE(how_.value_or("").find(":1: no tea"), std::string::npos);
  EXPECT_EQ(sent(), "");
}

TEST_F(RoutedEventsTest, AFunctionThatIsNotThereIsAnErrorAtOnce) {
  script("function f() end");
  EXPECT_THROW(function("g"), script::ScriptError);
  EXPECT_THROW(route({.event = "X", .file = "/no/such.lua", .function = "f"}), script::ScriptError);
}

TEST_F(RoutedEventsTest, NoFunctionIsCalledForAConnectionThatIsGone) {
  script("function f() return 'A' end");
  connection_.open = false;
  begin(function("f"), message_);
  EXPECT_EQ(how_, "");
  EXPECT_FALSE(vm_.has(connection_.id()));
}

TEST_F(RoutedEventsTest, WhatAFunctionKeptIsForgottenWithItsConnection) {
  script("function f(m, conn) conn:set_context_value('n', 1) end");
  begin(function("f"), message_);
  EXPECT_TRUE(vm_.has(connection_.id()));
  routed_.gone(connection_.id());
  EXPECT_FALSE(vm_.has(connection_.id()));
}

}  // namespace
}  // namespace weft::framework
