#include "weft/command_handler.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "base/bytes.hpp"
#include "framework/fake_connection.hpp"
#include "framework/reply.hpp"

namespace weft::framework {
namespace {

struct Nobody final : Audience {
  Answer<Delivered> send_some(std::vector<ConnectionId>, std::vector<ConnectionId>, std::string,
                              DataType) override {
    return {Answer<Delivered>::Giver().answer()};
  }
  Answer<Delivered> send_channel(std::string, std::string, DataType) override {
    return {Answer<Delivered>::Giver().answer()};
  }
  Answer<Delivered> send_all(std::vector<ConnectionId>, std::string, DataType) override {
    return {Answer<Delivered>::Giver().answer()};
  }
};

struct CommandHandlerTest : testing::Test {
  FakeConnection connection;
  FakeMessage message{"home.echo"};
  MessageContext context{connection, message, "home.echo"};
  std::string_view text = R"({"cmd":"home.echo","data":"hi","ext":{"id":7}})";
  Frame frame{DataType::binary, as_bytes(text)};
  ParsedMessage parsed{"home.echo", "hi", {{"id", 7}}};
  Nobody nobody;
  JsonParser parser;
  CommandReply reply{connection, nobody, parser, "home.echo", {}};
  CommandCall call{context, frame, parsed, reply};

  /// The data of the reply that a handler gives, as JSON; "" when it gives none.
  template <class F>
  std::string given_by(F function) {
    run(handler::bind(std::move(function)));
    return reply.is_empty() ? "" : json::serialize(reply.message().data);
  }
  void run(const CommandHandler& bound) {
    if (bound.plain) return bound.plain(call);
    boost::asio::io_context loop;
    std::exception_ptr failed;
    boost::asio::co_spawn(loop, bound.coroutine(call),
                          [&](std::exception_ptr error) { failed = error; });
    loop.run();
    if (failed) std::rethrow_exception(failed);
  }
};

// --- arguments

TEST_F(CommandHandlerTest, TextAndBytesAreTheMessageAsItCame) {
  EXPECT_EQ(
      given_by([](std::string_view raw, std::span<const std::byte> bytes, const Frame& whole) {
        return json::array{raw.size(), bytes.size(), whole.opcode == DataType::binary};
      }),
      "[46,46,true]");
}

TEST_F(CommandHandlerTest, AParsedMessageIsCommandDataAndExt) {
  EXPECT_EQ(given_by([](const ParsedMessage& it) { return it.cmd + it.text(); }),
            "\"home.echohi\"");
  EXPECT_EQ(given_by([](const ParsedMessage& it) { return it.ext.at("id"); }), "7");
}

TEST_F(CommandHandlerTest, AValueIsTheData) {
  EXPECT_EQ(given_by([](const json::value& data) { return data; }), "\"hi\"");
}

TEST_F(CommandHandlerTest, TheRestIsTheConnectionTheRequestAndTheContext) {
  connection.asked.path = "/room/7";
  context.attributes["user"] = "ann";
  EXPECT_EQ(given_by([](MessageContext& it, const Request& request, Connection& sender,
                        const Message& as_seen) {
              return json::array{it.attributes.at("user"), request.path, to_string(sender.id()),
                                 as_seen.event()};
            }),
            R"(["ann","/room/7","7","home.echo"])");
}

TEST_F(CommandHandlerTest, TakesNothingAtAllAsWell) {
  EXPECT_EQ(given_by([] { return 1; }), "1");
}

// --- what it gives

TEST_F(CommandHandlerTest, NothingAndNullAreNoReply) {
  EXPECT_EQ(given_by([] {}), "");
  EXPECT_EQ(given_by([] { return json::value(); }), "");
  EXPECT_EQ(given_by([] { return nullptr; }), "");
  EXPECT_EQ(given_by([] { return std::optional<int>(); }), "");
}

TEST_F(CommandHandlerTest, TextOfAnyKindIsText) {
  EXPECT_EQ(given_by([] { return "a"; }), "\"a\"");
  EXPECT_EQ(given_by([] { return std::string("b"); }), "\"b\"");
  EXPECT_EQ(given_by([](std::string_view raw) { return raw.substr(2, 3); }), "\"cmd\"");
}

TEST_F(CommandHandlerTest, EverythingElseIsWhatJsonMakesOfIt) {
  EXPECT_EQ(given_by([] { return std::vector<int>{1, 2}; }), "[1,2]");
  EXPECT_EQ(given_by([] { return std::map<std::string, bool>{{"a", true}}; }), R"({"a":true})");
  EXPECT_EQ(given_by([] { return json::object{{"a", 1}}; }), R"({"a":1})");
  EXPECT_EQ(given_by([] { return std::optional<double>(0.5); }), "5E-1");
  EXPECT_EQ(given_by([] { return false; }), "false");
}

TEST_F(CommandHandlerTest, AReplyThatIsUsedIsTheReply) {
  EXPECT_EQ(given_by([](Reply& it) { it.data("used"); }), "\"used\"");
  EXPECT_EQ(given_by([](Reply& it) -> Reply& { return it.data("returned"); }), "\"returned\"");
  EXPECT_EQ(given_by([](Reply& it) { return it.data("sent").send(); }), "\"sent\"");
}

TEST_F(CommandHandlerTest, TheErrorOfAResultIsAnException) {
  EXPECT_EQ(given_by([]() -> Result<int> { return 5; }), "5");
  EXPECT_THROW(given_by([]() -> Result<int> { return CommandErrc::bad_cmd; }),
               boost::system::system_error);
  EXPECT_THROW(given_by([]() -> Result<void> { return CommandErrc::bad_cmd; }),
               boost::system::system_error);
}

// --- kinds of functions

std::string shout(std::string_view) { return "HI"; }

struct Greeter {
  std::string greeting = "hello ";
  std::string greet(const ParsedMessage& message) const { return greeting + message.text(); }
  Task<std::string> greet_later(const ParsedMessage& message) { co_return greet(message); }
  void count() noexcept { ++counted; }
  int counted = 0;
};

TEST_F(CommandHandlerTest, IsAFunctionAnObjectOrAMemberFunction) {
  EXPECT_EQ(given_by(shout), "\"HI\"");
  EXPECT_EQ(given_by(&shout), "\"HI\"");
  EXPECT_EQ(given_by(std::function<int(const Frame&)>([](const Frame&) { return 3; })), "3");
  const auto greeter = std::make_shared<Greeter>();
  run(handler::bind(greeter, &Greeter::greet));
  EXPECT_EQ(reply.message().data, "hello hi");
  run(handler::bind(greeter, &Greeter::count));
  EXPECT_EQ(greeter->counted, 1);
}

TEST_F(CommandHandlerTest, IsACoroutine) {
  EXPECT_EQ(given_by([](const json::value& data) -> Task<json::value> { co_return data; }),
            "\"hi\"");
  EXPECT_EQ(given_by([](Reply& it) -> Task<> {
              it.data(1);
              co_return;
            }),
            "1");
  run(handler::bind(std::make_shared<Greeter>(), &Greeter::greet_later));
  EXPECT_EQ(reply.message().data, "hello hi");
}

TEST_F(CommandHandlerTest, LetsItsExceptionsOut) {
  EXPECT_THROW(given_by([] { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_THROW(given_by([]() -> Task<int> { throw std::runtime_error("no"); }), std::runtime_error);
}

}  // namespace
}  // namespace weft::framework
