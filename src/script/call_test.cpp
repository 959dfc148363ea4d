// Vm::call: one function of a script for one message.
#include <gtest/gtest.h>

#include "script/edge_test.hpp"

namespace weft::script {
namespace {

class CallTest : public EdgeTest {
 protected:
  /// "EVENT data", "-" for nothing, "! problem", "..." while it waits.
  std::string call(const std::string& function, std::string message = "{}", ConnectionId id = kId) {
    const std::size_t mine = results_.size();
    results_.push_back("...");
    vm().call(script_, id, function, std::move(message), [this, mine](CallResult result) {
      results_[mine] = !result.problem.empty() ? "! " + result.problem
                       : result.event.empty()  ? "-"
                                               : result.event + " " + result.data;
    });
    return results_[mine];
  }

  ScriptId script_ = 0;
  std::vector<std::string> results_;
};

TEST_F(CallTest, GivesWhatTheFunctionReturns) {
  script_ = load(R"(
    function on_price(message, conn)
      return "PRICE", { item = message.data.item, eur = 3, from = message.event,
                        language = message.headers.language, id = message.id }
    end
    function nothing() end
    function only_event() return "DONE" end
    function list() return "LIST", {1, 2} end)");
  EXPECT_EQ(call("on_price",
                 R"({"event":"ASK","headers":{"language":"en"},"data":{"item":"tea"},"id":"a1"})")
                .find("PRICE {"),
            0u);
  EXPECT_NE(results_.back().find(R"("from":"ASK")"), std::string::npos);
  EXPECT_NE(results_.back().find(R"("language":"en")"), std::string::npos);
  EXPECT_NE(results_.back().find(R"("id":"a1")"), std::string::npos);
  EXPECT_EQ(call("nothing"), "-");
  EXPECT_EQ(call("only_event"), "DONE null");
  EXPECT_EQ(call("list"), "LIST [1,2]");
}

TEST_F(CallTest, TheConnectionIsTheOneOfTheMessage) {
  script_ = load(R"(function f(message, conn)
    conn:send("hello")
    conn:subscribe("feed")
    return "ID", conn:client_id()
  end)");
  EXPECT_EQ(call("f"), "ID \"" + to_string(kId) + "\"");
  EXPECT_EQ(host_.sent.at(0).id, kId);
  EXPECT_EQ(host_.calls.at(0), "subscribe " + to_string(kId) + " feed");
}

TEST_F(CallTest, AnErrorGoesToWhoCalledAndIsNotLoggedHere) {
  script_ = load(
      "function f() error('no tea') end\nfunction g() return 5 end\n"
      "function h() return 'X', print end\nx = 1");
  watch_log();
  EXPECT_NE(call("f").find("entry.lua:1: no tea"), std::string::npos);
  EXPECT_NE(call("g").find("name of an event"), std::string::npos);
  EXPECT_NE(call("h").find("cannot be JSON"), std::string::npos);
  EXPECT_NE(call("x").find("there is no function x"), std::string::npos);
  EXPECT_EQ(call("f", "{").substr(0, 1), "!");
  EXPECT_EQ(logged(), "");
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 5);
}

TEST_F(CallTest, CallsOfOneConnectionRunOneAfterAnother) {
  script_ = load(R"(
    function slow(message, conn) mix.mesh.publish("feed", "x") return "SLOW" end
    function fast() return "FAST" end)");
  EXPECT_EQ(call("slow"), "...");
  EXPECT_EQ(call("fast"), "...");
  EXPECT_EQ(call("fast", "{}", kOther), "FAST null");
  EXPECT_TRUE(host_.paused.empty()) << "who calls waits, and decides about reading";
  host_.complete_all();
  EXPECT_EQ(results_[0], "SLOW null");
  EXPECT_EQ(results_[1], "FAST null");
}

TEST_F(CallTest, ACallMayCallAgainWhenItIsDone) {
  script_ = load("function f() return 'A' end");
  std::string second;
  vm().call(script_, kId, "f", "{}", [&](CallResult) {
    vm().call(script_, kId, "f", "{}", [&](CallResult result) { second = result.event; });
  });
  EXPECT_EQ(second, "A");
}

TEST_F(CallTest, TheWatchdogStopsAFunctionThatRunsAway) {
  script_ = load("function f() while true do end end\nfunction g() return 'G' end");
  EXPECT_NE(call("f").find("ran longer than the 50 ms"), std::string::npos);
  EXPECT_EQ(call("g"), "G null");
  EXPECT_EQ(registry_.total("weft_script_aborted_total"), 1);
}

TEST_F(CallTest, MemoryBeyondTheLimitIsAnErrorOfTheCall) {
  limits_.memory = 8 << 20;
  script_ = load(
      "function f() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end\n"
      "function g() return 'G' end");
  EXPECT_EQ(call("f").substr(0, 1), "!");
  EXPECT_EQ(call("g"), "G null");
}

TEST_F(CallTest, ItsConnectionIsForgottenWhenItLeaves) {
  script_ = load(R"(function on_close() mix.log(mix.ERROR, "not called") end
    function f(message, conn)
      conn:set_context_value("n", (conn:context_value("n") or 0) + 1)
      return "N", conn:context_value("n")
    end)");
  EXPECT_EQ(call("f"), "N 1");
  EXPECT_EQ(call("f"), "N 2");
  vm().leave(kId);
  EXPECT_FALSE(vm().has(kId));
  vm().leave(kId);
  EXPECT_EQ(call("f"), "N 1");
}

TEST_F(CallTest, ACallThatWaitsWhenItsConnectionLeavesStillEnds) {
  script_ = load(R"(
    function publish() mix.mesh.publish("feed", "x") return "DONE" end
    function wait(message, conn) return "GOT", conn:wait_context_value("uid") == nil end)");
  EXPECT_EQ(call("wait"), "...");
  vm().leave(kId);
  EXPECT_EQ(results_[0], "GOT true");
  EXPECT_EQ(call("publish", "{}", kOther), "...");
  vm().leave(kOther);
  EXPECT_TRUE(vm().has(kOther));
  host_.complete_all();
  EXPECT_EQ(results_[1], "DONE null");
  EXPECT_FALSE(vm().has(kOther));
}

TEST_F(CallTest, ACallBehindTheEndOfItsConnectionEndsToo) {
  script_ = load(R"(
    function slow() mix.mesh.publish("feed", "x") return "SLOW" end
    function late(message, conn) return "LATE", conn:set_context_value("a", 1) end)");
  EXPECT_EQ(call("slow"), "...");
  vm().leave(kId);
  EXPECT_EQ(call("late"), "...");
  host_.complete_all();
  EXPECT_EQ(results_[0], "SLOW null");
  EXPECT_EQ(results_[1], "LATE \"connection closed\"");
  EXPECT_FALSE(vm().has(kId));
}

TEST_F(CallTest, AChangedScriptAnswersTheNextCall) {
  script_ = load("function f() return 'OLD' end");
  EXPECT_EQ(call("f"), "OLD null");
  write("entry.lua", "function f() return 'NEW', 1 end function g() end");
  EXPECT_TRUE(vm().reload_changed());
  EXPECT_EQ(call("f"), "NEW 1");
  EXPECT_TRUE(vm().has_function(script_, "g"));
  EXPECT_FALSE(vm().has_function(script_, "h"));
}

TEST_F(CallTest, AVmThatEndsWithACallUnderWayTellsNobody) {
  script_ = load("function f() mix.mesh.publish('feed', 'x') return 'A' end");
  EXPECT_EQ(call("f"), "...");
  vm_.reset();
  EXPECT_EQ(results_[0], "...");
}

}  // namespace
}  // namespace weft::script
