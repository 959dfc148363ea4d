#include "framework/module.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace weft::framework {
namespace {

MessageMiddleware any() { return around_message({}); }

struct Chat {
  int say(std::string_view) { return 1; }
  int who() const { return 2; }
};

struct ModuleTest : testing::Test {
  ModuleBook book{"/room/{id}"};
  Module& module = book;
  MessageMiddlewareTable middleware;

  SealedModule sealed() { return {book, middleware}; }
};

TEST_F(ModuleTest, FindsACommandByPrefixAndName) {
  module.controller("home").command("echo", [] { return 1; });
  EXPECT_TRUE(sealed().find("home.echo"));
  EXPECT_FALSE(sealed().find("echo"));
  EXPECT_FALSE(sealed().find("home.Echo"));
}

TEST_F(ModuleTest, FindsARootCommandByItsNameAlone) {
  module.controller("home").command("ping", [] { return 1; }, {.root = true});
  EXPECT_TRUE(sealed().find("ping"));
  EXPECT_FALSE(sealed().find("home.ping"));
}

TEST_F(ModuleTest, TrimsTheIdAndFallsBackToTheDefaultCommand) {
  const SealedModule it = sealed();
  EXPECT_EQ(it.id_of(" home.echo\n"), "home.echo");
  EXPECT_EQ(it.id_of("  "), "home.index");
  module.default_command("home.start");
  EXPECT_EQ(sealed().id_of(""), "home.start");
}

TEST_F(ModuleTest, TakesMemberFunctionsOfOneObjectAndPlainOnesBesideThem) {
  module.controller<Chat>("chat")
      .command("say", &Chat::say)
      .command("who", &Chat::who)
      .command("where", [](const Request& request) { return request.path; });
  module.controller("again", std::make_shared<Chat>()).command("say", &Chat::say);
  const SealedModule it = sealed();
  for (const char* id : {"chat.say", "chat.who", "chat.where", "again.say"})
    EXPECT_TRUE(it.find(id)) << id;
}

TEST_F(ModuleTest, RefusesTwoCommandsOfOneId) {
  module.controller("home").command("echo", [] {});
  EXPECT_THROW(module.controller("home").command("echo", [] {}), std::invalid_argument);
  EXPECT_THROW(module.controller("x").command("home.echo", [] {}, {.root = true}),
               std::invalid_argument);
  EXPECT_THROW(module.controller("x").command(" ", [] {}), std::invalid_argument);
}

TEST_F(ModuleTest, RefusesADefaultCommandThatIsNone) {
  module.controller("home").command("echo", [] {});
  module.default_command("home.ecko");
  EXPECT_THROW(sealed(), std::invalid_argument);
}

TEST_F(ModuleTest, RefusesAnExpressionThatIsNoneOrOfAVariableThatThePathHasNot) {
  EXPECT_THROW(module.param("name", "[a-z]+"), std::invalid_argument);
  EXPECT_THROW(module.param("id", "[0-9"), std::invalid_argument);
  module.param("id", "[0-9]+");
  EXPECT_EQ(sealed().params().at("id"), "[0-9]+");
}

TEST_F(ModuleTest, PutsMiddlewareAroundEachCommand) {
  middleware.add(any(), MessageStage::pre, "");
  middleware.add(any(), MessageStage::after, "/room/{id}");
  middleware.add(any(), MessageStage::global, "/elsewhere");
  module.use(any());
  Controller& home = module.controller("home");
  home.command("plain", [] {}).command("more", [] {}, {.use = {any(), any()}}).use(any());
  const SealedModule it = sealed();
  EXPECT_EQ(it.find("home.plain")->chain.size(), 4u);
  EXPECT_EQ(it.find("home.more")->chain.size(), 6u);
}

TEST_F(ModuleTest, WithoutMiddlewareCostsNoCoroutine) {
  module.controller("home").command("echo", [] {});
  EXPECT_TRUE(sealed().find("home.echo")->chain.empty());
}

TEST_F(ModuleTest, SaysTheFrameOfRepliesByCommandElseByModule) {
  module.default_opcode(DataType::binary);
  module.controller("home")
      .command("echo", [] {})
      .command("text", [] {}, {.opcode = DataType::text});
  EXPECT_EQ(sealed().find("home.echo")->opcode, DataType::binary);
  EXPECT_EQ(sealed().find("home.text")->opcode, DataType::text);
}

TEST_F(ModuleTest, LetsUnknownCommandsThroughMiddlewareOnlyWithoutThePreCheck) {
  module.use(any());
  EXPECT_FALSE(sealed().unknown());
  module.pre_check(false);
  ASSERT_TRUE(sealed().unknown());
  EXPECT_EQ(sealed().unknown()->chain.size(), 1u);
}

TEST_F(ModuleTest, ParsesItselfWhenItHasAHookForMessages) {
  EXPECT_FALSE(sealed().own_parsing());
  module.on_message([](const Frame& frame) { return frame.text(); });
  EXPECT_TRUE(sealed().own_parsing());
}

TEST_F(ModuleTest, NeedsNoHookAtAll) {
  const SealedModule it = sealed();
  EXPECT_FALSE(it.handshake());
  EXPECT_FALSE(it.open());
  EXPECT_FALSE(it.on_close().plain || it.on_close().coroutine);
}

TEST_F(ModuleTest, TakesHooksOfEveryForm) {
  module.on_handshake([](Handshake&) {})
      .on_handshake([](Handshake&) -> HandshakeResult { return Refusal{401}; })
      .on_handshake([](Handshake&) -> Task<> { co_return; })
      .on_handshake([](Handshake&) -> Task<HandshakeResult> { co_return HandshakeResult(); })
      .on_open([](Connection&) {})
      .on_open([](Connection&) -> Task<OpenResult> { co_return OpenResult(); })
      .on_close([](Connection&, const CloseInfo&) -> Task<> { co_return; });
  EXPECT_TRUE(sealed().on_close().coroutine);
  module.on_close([](Connection&, const CloseInfo&) {});
  EXPECT_TRUE(sealed().on_close().plain);
  EXPECT_TRUE(sealed().handshake() && sealed().open());
}

TEST_F(ModuleTest, IsCalledByItsNameElseByItsPath) {
  EXPECT_EQ(sealed().name(), "/room/{id}");
  module.name("rooms");
  EXPECT_EQ(sealed().name(), "rooms");
}

}  // namespace
}  // namespace weft::framework
