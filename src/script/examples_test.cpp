// The scripts under examples/, as their READMEs say they answer.
#include "script/edge_test.hpp"

namespace weft::script {
namespace {

class ExampleTest : public EdgeTest {
 protected:
  /// Opens kId on the script of an example.
  ScriptId open_example(const std::string& name, std::map<std::string, std::string> options = {}) {
    ScriptConfig config;
    config.file = std::string(WEFT_EXAMPLES) + "/" + name + "/lua/entry.lua";
    config.options = std::move(options);
    const ScriptId script = vm().load(std::move(config));
    vm().on_open(script, kId, handshake());
    return script;
  }
  /// What the client gets for `message`: an operation and "ok" or an error.
  std::string say(std::string_view message) {
    host_.sent.clear();
    text(message);
    return outcome();
  }
  std::string outcome() const {
    const std::string answer = last_sent();
    if (answer.find(R"("success":true)") != answer.npos) return "ok";
    const std::size_t at = answer.find(R"("error":")");
    return at == answer.npos ? answer : answer.substr(at + 9, answer.find('"', at + 9) - at - 9);
  }
  bool did(const std::string& call) const { return std::ranges::count(host_.calls, call) == 1; }
  const std::string id_ = to_string(kId);
};

TEST_F(ExampleTest, TheMessageCentreSubscribesWhoShowsAGoodToken) {
  open_example("message_center", {{"token_url", "http://auth/token"}});
  host_.http_response = {200, "", R"({"uid":1001})", {}, {}};
  EXPECT_EQ(say(R"({"op":"auth","token":"t"})"), "(nothing)");  // the service has not answered yet
  EXPECT_TRUE(vm().is_busy(kId));
  ASSERT_EQ(host_.http_requests.size(), 1u);
  EXPECT_EQ(host_.http_requests[0].url, "http://auth/token");
  EXPECT_EQ(host_.http_requests[0].query.at(0),
            (std::pair<std::string, std::string>("token", "t")));
  host_.complete_all();
  EXPECT_EQ(outcome(), "ok");
  EXPECT_TRUE(did("subscribe " + id_ + " user:1001"));
  EXPECT_NE(vm().context_json(kId).find(R"("uid":"1001")"), std::string::npos);
}

TEST_F(ExampleTest, TheMessageCentreLeavesTheFirstUserWhenAnotherLogsIn) {
  host_.completes_at_once = true;
  open_example("message_center", {{"token_url", "http://auth/token"}});
  host_.http_response = {200, "", R"({"uid":1001})", {}, {}};
  EXPECT_EQ(say(R"({"op":"auth","token":"a"})"), "ok");
  host_.http_response.body = R"({"uid":1463819408261513216})";
  EXPECT_EQ(say(R"({"op":"auth","token":"b"})"), "ok");
  EXPECT_TRUE(did("unsubscribe " + id_ + " user:1001"));
  EXPECT_TRUE(did("subscribe " + id_ + " user:1463819408261513216"));
}

TEST_F(ExampleTest, TheMessageCentreRefusesEverythingElse) {
  host_.completes_at_once = true;
  open_example("message_center", {{"token_url", "http://auth/token"}});
  host_.http_response.status = 404;
  EXPECT_EQ(say(R"({"op":"auth","token":"t"})"), "Invalid token");
  EXPECT_EQ(say(R"({"op":"auth"})"), "Invalid arguments");
  host_.http_response = {200, "", "[]", {}, {}};
  EXPECT_EQ(say(R"({"op":"auth","token":"t"})"), "Try again later");
  host_.http_problem = "connection refused";
  EXPECT_EQ(say(R"({"op":"auth","token":"t"})"), "Try again later");
  EXPECT_EQ(say(R"({"op":"dance"})"), "Unknown operation");
  EXPECT_EQ(say("[1"), "Json format error");
  EXPECT_TRUE(host_.calls.empty());
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 0);
}

TEST_F(ExampleTest, TheBarrageTellsEverybodyWhoWatches) {
  host_.completes_at_once = true;
  open_example("barrage", {{"seconds_between", "1000"}});
  EXPECT_EQ(say(R"({"op":"say","text":"x"})"), "You watch nothing");
  EXPECT_EQ(say(R"({"op":"watch","video":"7"})"), "ok");
  EXPECT_EQ(say(R"({"op":"say","text":"wow","at":12.5})"), "ok");
  ASSERT_EQ(host_.published.size(), 1u);
  EXPECT_EQ(host_.published_to[0], "video:7");
  EXPECT_NE(host_.published[0].data.find(R"("text":"wow")"), std::string::npos);
  EXPECT_NE(host_.published[0].data.find(R"("at":12.5)"), std::string::npos);
  EXPECT_EQ(say(R"({"op":"say","text":"again"})"), "Too fast");
  EXPECT_EQ(say(R"({"op":"watch","video":8})"), "ok");
  EXPECT_TRUE(did("unsubscribe " + id_ + " video:7"));
  EXPECT_TRUE(did("subscribe " + id_ + " video:8"));
  EXPECT_EQ(say(R"({"op":"leave"})"), "ok");
  EXPECT_EQ(say(R"({"op":"leave"})"), "You watch nothing");
}

TEST_F(ExampleTest, TheBarrageRefusesBadVideosAndTexts) {
  host_.completes_at_once = true;
  open_example("barrage", {{"max_length", "5"}});
  for (const char* video : {R"("")", R"("a b")", "true", R"("x:y")"}) {
    EXPECT_EQ(say(R"({"op":"watch","video":)" + std::string(video) + "}"), "Invalid video")
        << video;
  }
  say(R"({"op":"watch","video":"7"})");
  for (const char* text : {R"("")", R"("123456")", "7", "null"}) {
    EXPECT_EQ(say(R"({"op":"say","text":)" + std::string(text) + "}"), "Invalid text") << text;
  }
  EXPECT_EQ(say(R"({"op":{}})"), "Unknown operation");
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 0);
}

TEST_F(ExampleTest, TheExchangeGivesQuotesToEverybodyAndOrdersToTheirOwner) {
  host_.redis_names.insert("sessions");
  host_.completes_at_once = true;
  open_example("exchange", {{"symbols", "btcusdt,ethusdt"}});
  EXPECT_EQ(say(R"({"op":"subscribe","channels":["btcusdt@depth","ethusdt@depth"]})"), "ok");
  EXPECT_TRUE(did("subscribe " + id_ + " ethusdt@depth"));
  EXPECT_EQ(say(R"({"op":"subscribe","channels":["1001@order"]})"), "No access: 1001@order");

  host_.redis_reply = {RedisReply::Kind::text, 0, "1001", {}};
  EXPECT_EQ(say(R"({"op":"auth","token":"abc"})"), "ok");
  EXPECT_EQ(host_.redis_commands.at(0),
            (std::vector<std::string>{"sessions", "get", "session:abc"}));
  EXPECT_EQ(say(R"({"op":"subscribe","channels":["1001@order"]})"), "ok");
  EXPECT_EQ(say(R"({"op":"subscribe","channels":["1002@order"]})"), "No access: 1002@order");

  host_.redis_reply.text = "1002";
  EXPECT_EQ(say(R"({"op":"auth","token":"def"})"), "ok");
  EXPECT_TRUE(did("unsubscribe " + id_ + " 1001@order"));
  EXPECT_EQ(say(R"({"op":"unsubscribe","channels":["btcusdt@depth"]})"), "ok");
  EXPECT_EQ(say(R"({"op":"ping"})"), "ok");
}

TEST_F(ExampleTest, TheExchangeRefusesEverythingElse) {
  host_.redis_names.insert("sessions");
  host_.completes_at_once = true;
  open_example("exchange", {{"symbols", "btcusdt"}});
  EXPECT_EQ(say(R"({"op":"auth","token":"nobody"})"), "Invalid token");
  EXPECT_EQ(say(R"({"op":"auth","token":"x\r\ny"})"), "Invalid token");
  host_.redis_problem = "connection refused";
  EXPECT_EQ(say(R"({"op":"auth","token":"abc"})"), "Try again later");
  EXPECT_EQ(say(R"({"op":"subscribe","channels":["dogeusdt@depth"]})"),
            "Unknown symbol: dogeusdt@depth");
  EXPECT_EQ(say(R"({"op":"subscribe","channels":["btcusdt@depth","x"]})"), "Invalid channel: x");
  EXPECT_EQ(say(R"({"op":"subscribe","channels":"btcusdt@depth"})"), "Invalid channels");
  EXPECT_EQ(say(R"({"op":"unsubscribe","channels":[1]})"), "Invalid channels");
  EXPECT_TRUE(host_.calls.empty());
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 0);
}

}  // namespace
}  // namespace weft::script
