#include "script/edge_test.hpp"

namespace weft::script {
namespace {

// The way of a chat's entry.lua: everything goes to a queue, a login waits for the worker.
constexpr std::string_view kChat = R"(
  require("prettyprint")
  function init()
    mix.queue.new("chat", 100)
    mix.queue.new("conn", 100)
  end
  function on_connect(conn) end
  function on_close(err, conn)
    mix.queue.push("conn", { event = "close", uid = conn:context()["uid"] })
  end
  function on_handshake(headers, conn)
    mix.queue.push("conn", { event = "handshake", headers = headers })
  end
  function protocol_input(buf, conn) error("not called on websocket listeners") end
  function on_message(data, conn)
    if data["type"] ~= "text" then return end
    local msg, err = mix.json_decode(data["data"])
    if err then mix.log(mix.ERROR, "json_decode error: " .. err) return end
    local n, err = mix.queue.push("chat", { frame = data, uid = conn:context()["uid"] })
    if err then conn:close() return end
    if msg["op"] == "auth" then
      conn:wait_context_value("uid")
      mix.queue.push("chat", "after login")
    end
  end
)";

class VmTest : public EdgeTest {};

TEST_F(VmTest, RunsInitWhenItLoads) {
  load(kChat);
  EXPECT_EQ(host_.topics, (std::map<std::string, std::size_t>{{"chat", 100}, {"conn", 100}}));
}

TEST_F(VmTest, HandsTheHeadersOfTheHandshakeToTheScript) {
  open(kChat);
  ASSERT_EQ(host_.pushed.size(), 1u);
  EXPECT_EQ(host_.pushed[0].from, kId);
  EXPECT_NE(host_.pushed[0].json.find(R"("X-Token":"abc")"), std::string::npos);
  EXPECT_NE(host_.pushed[0].json.find(R"("RequestUri":"/chat")"), std::string::npos);
  EXPECT_NE(vm().context_json(kId).find(R"("headers":{)"), std::string::npos);
}

TEST_F(VmTest, KeepsMessagesBackUntilTheWorkerHasAnsweredTheLogin) {
  open(kChat);
  text(R"({"op":"auth"})");
  text(R"({"op":"subscribe"})");
  EXPECT_EQ(host_.pushed.size(), 2u);
  EXPECT_TRUE(vm().is_busy(kId));
  EXPECT_TRUE(host_.paused.contains(kId));

  EXPECT_EQ(vm().set_context(kId, R"({"uid":1000})"), "");
  ASSERT_EQ(host_.pushed.size(), 4u);
  EXPECT_EQ(host_.pushed[2].json, R"("after login")");
  EXPECT_NE(host_.pushed[3].json.find(R"("uid":1000)"), std::string::npos);
  EXPECT_FALSE(vm().is_busy(kId));
  EXPECT_FALSE(host_.paused.contains(kId));
}

// The worker of the documents sets `user_id` when a login fails, but the script waits for `uid`.
TEST_F(VmTest, AFailedLoginThatSetsAnotherKeyGoesOnAfterTheWaitTimeout) {
  open(kChat);
  text(R"({"op":"auth"})");
  vm().set_context(kId, R"({"user_id":0})");
  text(R"({"op":"subscribe"})");
  EXPECT_EQ(host_.pushed.size(), 2u);
  pass(Millis(9'000));
  EXPECT_EQ(host_.pushed.size(), 2u);
  pass(Millis(1'500));
  ASSERT_EQ(host_.pushed.size(), 4u);
  EXPECT_NE(host_.pushed[3].json.find("subscribe"), std::string::npos);
}

TEST_F(VmTest, AWorkerThatAnswersBeforeTheScriptWaitsIsNotMissed) {
  open(kChat);
  host_.on_push = [this] {
    host_.on_push = nullptr;
    vm().set_context(kId, R"({"uid":7})");
  };
  text(R"({"op":"auth"})");
  EXPECT_EQ(host_.pushed.back().json, R"("after login")");
}

TEST_F(VmTest, ReadsTheContextInOnCloseAndForgetsTheConnectionAfterwards) {
  open(kChat);
  vm().set_context(kId, R"({"uid":5})");
  vm().on_close(kId, {1000, "", ClosedBy::client});
  EXPECT_EQ(host_.pushed.back().topic, "conn");
  EXPECT_NE(host_.pushed.back().json.find(R"("uid":5)"), std::string::npos);
  EXPECT_FALSE(vm().has(kId));
  EXPECT_EQ(vm().set_context(kId, "{}"), "connection closed");
}

TEST_F(VmTest, AnErrorOfTheScriptDropsOneMessageAndShowsTheCode) {
  watch_log();
  open("function on_message(msg, conn)\n  local x = nil\n  x.y = msg.data\nend");
  text("a");
  text("b");
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 2);
  const std::string log = logged();
  EXPECT_NE(log.find("entry.lua:3: attempt to index local 'x' (a nil value)"), std::string::npos)
      << log;
  EXPECT_NE(log.find(">     3 |   x.y = msg.data"), std::string::npos) << log;
  EXPECT_EQ(log.find("entry.lua:3"), log.rfind("entry.lua:3")) << log;  // once a minute
}

}  // namespace
}  // namespace weft::script
