// Waiting, order, and everything that can happen at the wrong moment.
#include "script/edge_test.hpp"

namespace weft::script {
namespace {

class EventsTest : public EdgeTest {
 protected:
  /// The texts that were sent to `id`, joined.
  std::string sent_to(ConnectionId id) const {
    std::string all;
    for (const auto& sent : host_.sent) {
      if (sent.id == id) all += sent.data + ";";
    }
    return all;
  }
};

constexpr std::string_view kWaits = R"(
  function on_message(msg, conn)
    if msg.data == "wait" then
      local value, err = conn:wait_context_value("key")
      conn:send("got " .. tostring(value) .. " " .. tostring(err))
    else
      conn:send(msg.data)
    end
  end
  function on_close(err, conn) mix.queue.push("closed", tostring(conn:context_value("key"))) end
)";

TEST_F(EventsTest, AWaitOfOneConnectionDoesNotHoldUpAnother) {
  const ScriptId script = open(kWaits);
  vm().on_open(script, kOther, handshake());
  text("wait");
  text("a");
  text("b", kOther);
  EXPECT_EQ(sent_to(kOther), "b;");
  EXPECT_EQ(sent_to(kId), "");
  vm().set_context(kId, R"({"key":"v"})");
  EXPECT_EQ(sent_to(kId), "got v nil;a;");
}

TEST_F(EventsTest, AValueSetBeforeTheMessageDoesNotEndTheWait) {
  open(kWaits);
  vm().set_context(kId, R"({"key":"old"})");
  text("wait");
  EXPECT_EQ(sent_to(kId), "");
  vm().set_context(kId, R"({"key":"old"})");
  EXPECT_EQ(sent_to(kId), "got old nil;");
}

TEST_F(EventsTest, EveryMessageIsATableOfItsOwnAndTheConnIsTheSame) {
  open(R"(
    local kept = {}
    function on_message(m, conn)
      kept[#kept + 1] = { m = m, conn = conn }
      m.extra = m.data
      if #kept < 2 then return end
      local a, b = kept[1], kept[2]
      conn:send(a.m.data .. a.m.type .. b.m.data .. b.m.extra .. tostring(rawequal(a.conn, b.conn)))
    end
  )");
  text("1");
  text("2");
  EXPECT_EQ(last_sent(), "1text22true");
}

TEST_F(EventsTest, AnEventAfterOneThatWaitedAndFailedBeginsAnew) {
  open(R"(
    function on_message(m, conn)
      if m.data == "fail" then conn:wait_context_value("k") error("failed") end
      conn:send(m.data .. tostring(conn:wait_context_value("k")))
    end
  )");
  text("fail");
  vm().set_context(kId, R"({"k":1})");
  text("again ");
  EXPECT_EQ(last_sent(), "(nothing)");
  vm().set_context(kId, R"({"k":2})");
  EXPECT_EQ(last_sent(), "again 2");
}

TEST_F(EventsTest, OneSettingEndsOneWait) {
  open(
      "function on_message(m, conn) mix.queue.push('t', 1) local a = conn:wait_context_value('k') "
      "local b = conn:wait_context_value('k') conn:send(a .. b) end");
  host_.on_push = [this] { vm().set_context(kId, R"({"k":1})"); };
  text("x");
  EXPECT_EQ(last_sent(), "(nothing)");
  vm().set_context(kId, R"({"k":2})");
  EXPECT_EQ(last_sent(), "12");
}

TEST_F(EventsTest, AWaitThatTimesOutGivesNilAndSaysSo) {
  open(kWaits);
  text("wait");
  pass(Millis(10'200));
  EXPECT_EQ(sent_to(kId), "got nil wait_context_value(key): nobody set it within 10000 ms;");
  EXPECT_FALSE(vm().is_busy(kId));
}

TEST_F(EventsTest, ACloseWakesTheScriptAndOnCloseRunsAfterIt) {
  open(kWaits);
  text("wait");
  text("still handled");
  host_.closed.insert(kId);
  vm().on_close(kId, {1006, "", ClosedBy::network});
  EXPECT_FALSE(vm().has(kId));
  ASSERT_EQ(host_.pushed.size(), 1u);
  EXPECT_EQ(host_.pushed[0].from, kId);
  EXPECT_EQ(sent_to(kId), "");  // "connection closed" is what send says now
  pass(Millis(20'000));
  EXPECT_EQ(vm().set_context(kId, R"({"key":1})"), "connection closed");
}

TEST_F(EventsTest, AScriptThatSetsAKeyOfAnotherConnectionWakesIt) {
  const ScriptId script = open(R"(
    conns = {}
    function on_handshake(headers, conn) conns[conn:client_id()] = conn end
    function on_message(m, conn)
      if m.data == "wait" then conn:send("got " .. conn:wait_context_value("k")) return end
      for id, other in pairs(conns) do if id ~= conn:client_id() then other:set_context_value("k", m.data) end end
      conn:send("set")
    end)");
  vm().on_open(script, kOther, handshake());
  text("wait");
  text("hello", kOther);
  EXPECT_EQ(sent_to(kOther), "set;");
  EXPECT_EQ(sent_to(kId), "got hello;");
}

TEST_F(EventsTest, AConnThatIsKeptBeyondItsEndSaysConnectionClosed) {
  const ScriptId script = open(
      "function on_handshake(h, conn) kept = kept or {} end list = {} function on_message(m, conn) "
      "if m.data == 'keep' then list[1] = conn return end "
      "local c = list[1] conn:send(tostring(c:send('x')) .. '|' .. tostring(select(2, "
      "c:context())) .. '|' .. tostring(c:subscribe('a')) .. '|' .. tostring(c:close()) .. '|' .. "
      "tostring(c:set_context_value('a', 1)) .. '|' .. c:client_id()) end");
  vm().on_open(script, kOther, handshake());
  text("keep");
  vm().on_close(kId, {});
  text("use", kOther);
  EXPECT_EQ(
      last_sent(),
      "connection closed|connection closed|connection closed|connection closed|connection closed|" +
          to_string(kId));
}

TEST_F(EventsTest, MeshCallsThatAreAnsweredLaterSuspendAndThoseAnsweredAtOnceDoNot) {
  open(
      "function on_message(m, conn) local ok, fail = mix.mesh.publish('room', m.data) local err = "
      "mix.mesh.send(5, 'x', 'binary') conn:send(ok .. ',' .. fail .. ',' .. tostring(err)) end");
  text("one");
  EXPECT_TRUE(vm().is_busy(kId));
  host_.complete_all();
  host_.complete_all();
  EXPECT_EQ(last_sent(), "2,1,nil");
  host_.completes_at_once = true;
  host_.mesh_problem = "no such connection";
  text("two");
  EXPECT_EQ(last_sent(), "2,1,no such connection");
  EXPECT_EQ(host_.published_to.at(0), "room");
  EXPECT_EQ(host_.mesh_sent.at(0).type, DataType::binary);
}

TEST_F(EventsTest, ACompletionForAConnectionThatHasGoneIsHarmless) {
  open(
      "function on_message(m, conn) mix.http.request('GET', 'http://x/') mix.queue.push('t', "
      "'after') end function on_close(err, conn) mix.queue.push('t', 'closed') end");
  text("x");
  vm().on_close(kId, {});
  EXPECT_TRUE(vm().has(kId));  // the answer may still be of use to the script
  host_.complete_all();
  EXPECT_FALSE(vm().has(kId));
  ASSERT_EQ(host_.pushed.size(), 2u);
  EXPECT_EQ(host_.pushed[1].json, R"("closed")");
}

TEST_F(EventsTest, ACompletionAfterTheVmHasGoneIsHarmless) {
  open("function on_message(m, conn) mix.http.request('GET', 'http://x/') end");
  text("x");
  vm_.reset();
  host_.complete_all();
}

TEST_F(EventsTest, AnAnswerThatNobodyCouldWaitForIsDropped) {
  open(
      "function on_message(m, conn) table.sort({3, 2, 1}, function(a, b) mix.http.request('GET', "
      "'http://x/') end) end");
  text("x");
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 1);
  host_.complete_all();
  EXPECT_FALSE(vm().is_busy(kId));
}

TEST_F(EventsTest, PcallAndCoroutinesOfTheScriptMayWait) {
  open(R"(
    function on_message(m, conn)
      local ok, value = pcall(function() return conn:wait_context_value("a") end)
      local co = coroutine.wrap(function()
        local b = conn:wait_context_value("b")
        coroutine.yield(b)
        error("in coroutine")
      end)
      local b = co()
      local fine, err = pcall(co)
      conn:send(value .. b .. tostring(fine) .. tostring(err):match("in coroutine"))
    end)");
  text("x");
  vm().set_context(kId, R"({"a":"A"})");
  vm().set_context(kId, R"({"b":"B"})");
  EXPECT_EQ(last_sent(), "ABfalsein coroutine");
}

TEST_F(EventsTest, AYieldOutsideOfACoroutineOfTheScriptIsAnError) {
  watch_log();
  open("function on_message(m, conn) coroutine.yield(1) end");
  text("x");
  EXPECT_FALSE(vm().is_busy(kId));
  EXPECT_NE(logged().find("coroutine.yield() outside of a coroutine that the script made"),
            std::string::npos)
      << logged();
}

TEST_F(EventsTest, WaitingIsNotCountedByTheWatchdog) {
  open(
      "function on_message(m, conn) for i = 1, 5 do conn:wait_context_value('k') for j = 1, 1e5 do "
      "end end conn:send('done') end");
  text("x");
  for (int i = 0; i < 5; ++i) vm().set_context(kId, R"({"k":1})");
  EXPECT_EQ(last_sent(), "done");
}

TEST_F(EventsTest, ContextIsALiveTableThatWorkersSee) {
  open(
      "function on_message(m, conn) conn:context().direct = {1, 2} conn:set_context({a = 1, b = "
      "'x'}) conn:set_context_value('c', true) conn:send(conn:context_value('b') .. "
      "tostring(conn:context().c)) end",
      {});
  text("x");
  EXPECT_EQ(last_sent(), "xtrue");
  const std::string json = vm().context_json(kId);
  for (const char* member : {R"("direct":[1,2])", R"("a":1)", R"("c":true)"})
    EXPECT_NE(json.find(member), std::string::npos) << json;
}

TEST_F(EventsTest, SetContextRefusesWhatIsNoObject) {
  open(kWaits);
  EXPECT_EQ(vm().set_context(kId, "[1]"), R"(the context is a JSON object: {"key": value, ...})");
  EXPECT_NE(vm().set_context(kId, "{"), "");
  EXPECT_EQ(vm().set_context(ConnectionId{9}, "{}"), "connection closed");
}

TEST_F(EventsTest, ALargeIdInTheContextKeepsItsDigits) {
  open("function on_message(m, conn) conn:send(tostring(conn:context_value('id'))) end");
  vm().set_context(kId, R"({"id":1463819408261513216})");
  text("x");
  EXPECT_EQ(last_sent(), "1463819408261513216");
}

TEST_F(EventsTest, TheCloseReasonIsNilOnlyForAnOrderlyEnd) {
  const ScriptId script = load(
      "function on_close(err, conn) mix.queue.push('t', tostring(err)) end function on_message(a, "
      "b) end");
  const std::pair<CloseInfo, const char*> cases[] = {
      {{1000, "", ClosedBy::client}, R"("nil")"},
      {{1006, "", ClosedBy::network}, R"("closed by network: 1006")"},
      {{3008, "slow", ClosedBy::server}, R"("closed by server: 3008 slow")"}};
  for (const auto& [info, err] : cases) {
    vm().on_open(script, kId, handshake());
    vm().on_close(kId, info);
    EXPECT_EQ(host_.pushed.back().json, err);
  }
}

TEST_F(EventsTest, GenerationBGetsIdsAndAServerTable) {
  open(R"(
    function on_connect(client_id) mix.queue.push("t", client_id) end
    function on_handshake(client_id, headers, server)
      mix.queue.push("t", {client_id, headers["X-Token"], server.Host, server.RemoteAddr, server.Method, server.RequestUri, server.ServerProtocol})
    end
    function on_message(msg) local conn, err = mix.websocket() conn:send(msg.data .. conn:client_id()) end
    function on_close(client_id, err) mix.queue.push("t", client_id .. tostring(err)) end)");
  EXPECT_EQ(host_.pushed.at(0).json, R"("4611686018427387905")");
  EXPECT_EQ(
      host_.pushed.at(1).json,
      R"(["4611686018427387905","abc","localhost","127.0.0.1:5000","GET","/chat","HTTP/1.1"])");
  text("hi ");
  EXPECT_EQ(last_sent(), "hi 4611686018427387905");
  vm().on_close(kId, {1000, "", ClosedBy::client});
  EXPECT_EQ(host_.pushed.back().json, R"("4611686018427387905nil")");
}

TEST_F(EventsTest, TheListenerMayOverrideTheGeneration) {
  ScriptConfig config;
  config.api = Api::b;
  open("function on_connect(id) mix.queue.push('t', type(id)) end function on_message(a, b) end",
       config);
  EXPECT_EQ(host_.pushed.at(0).json, R"("string")");
}

TEST_F(EventsTest, ThereIsNoConnectionOutsideOfACallback) {
  load(
      "local conn, err = mix.websocket() local tcp, why = mix.socket.tcp() assert(conn == nil and "
      "tcp == nil) mix.queue.push('t', {err, why}) function on_message(m, c) end");
  EXPECT_EQ(host_.pushed.at(0).from, ConnectionId::none);
  EXPECT_NE(host_.pushed.at(0).json.find("outside of its callbacks"), std::string::npos);
}

TEST_F(EventsTest, ChannelsCloseAndErrorsReachTheHost) {
  host_.push_problem = "topic chat is full";
  open(
      "function on_message(m, conn) conn:subscribe('a', 'b') conn:unsubscribe('a') local n, err = "
      "mix.queue.push('chat', 1) conn:send(tostring(n) .. err) conn:close(4001, 'bye') end");
  text("x");
  EXPECT_EQ(last_sent(), "niltopic chat is full");
  const std::string id = to_string(kId);
  EXPECT_EQ(host_.calls,
            (std::vector<std::string>{"subscribe " + id + " a", "subscribe " + id + " b",
                                      "unsubscribe " + id + " a", "close " + id + " 4001 bye"}));
  EXPECT_EQ(eval("conn:close(999)").substr(0, 6), "error:");
  EXPECT_EQ(eval("conn:send('x', 'json')").substr(0, 6), "error:");
}

TEST_F(EventsTest, APushToATopicThatHasToBeAskedSleepsUntilItsAnswer) {
  host_.slow_topics = {"far"};
  open(
      "function on_message(m, conn) local n, err = mix.queue.push('far', m.data) "
      "conn:send(tostring(n) .. tostring(err)) end");
  text("1");
  text("2");
  EXPECT_EQ(host_.pushed.size(), 1u) << "the second message waits behind the first";
  EXPECT_TRUE(host_.sent.empty());
  host_.complete_all();
  EXPECT_EQ(host_.sent.at(0).data, "1nil");
  host_.push_problem = "topic far is full";
  host_.complete_all();
  EXPECT_EQ(last_sent(), "2nil");
  text("3");
  host_.complete_all();
  EXPECT_EQ(last_sent(), "niltopic far is full");
}

TEST_F(EventsTest, AHandlerOfTheCloseMayPushAndWaitToo) {
  host_.slow_topics = {"far"};
  open(
      "function on_message() end function on_close(err, conn) mix.queue.push('far', 1) "
      "mix.queue.push('far', 2) end");
  vm().on_close(kId, {});
  host_.complete_all();
  host_.complete_all();
  EXPECT_EQ(host_.pushed.size(), 2u);
}

TEST_F(EventsTest, WhereNothingCanSleepSuchAPushIsAnError) {
  host_.slow_topics = {"far"};
  load(
      "local n, err = mix.queue.push('far', 1) mix.queue.push('t', err) function on_message() end");
  ASSERT_EQ(host_.pushed.size(), 1u);
  EXPECT_NE(host_.pushed[0].json.find("waited for"), std::string::npos);
}

TEST_F(EventsTest, AHostThatClosesAtOnceIsSafe) {
  struct ClosingHost : FakeHost {
    Vm* vm = nullptr;
    void close(ConnectionId id, std::uint16_t code, std::string_view reason) override {
      vm->on_close(id, {code, std::string(reason), ClosedBy::server});
    }
  } host;
  Vm vm(loop_, host, limits_, registry_);
  host.vm = &vm;
  ScriptConfig config;
  config.file = write(
      "entry.lua",
      "function on_message(m, conn) conn:close() mix.queue.push('t', tostring(conn:send('x'))) end "
      "function on_close(e, conn) mix.queue.push('t', conn:context().headers.Host) end");
  vm.on_open(vm.load(config), kId, handshake());
  vm.on_message(kId, DataType::text, "x");
  ASSERT_EQ(host.pushed.size(), 2u);
  EXPECT_EQ(host.pushed[0].json, R"("connection closed")");
  EXPECT_EQ(host.pushed[1].json, R"("localhost")");
  EXPECT_FALSE(vm.has(kId));
}

// --- the outside ---

TEST_F(EventsTest, HttpRequestPassesEveryOption) {
  host_.http_response = {
      200, "http://x/", "body", {{"Content-Type", "text/plain"}}, {{"sid", "1"}}};
  open(R"(function on_message(m, conn)
    local res, err = mix.http.request("POST", "http://x/", {query = {a = 1}, headers = {["X-A"] = "b"}, cookies = {c = "d"}, body = "data", timeout = 2.5, auth = {username = "u", password = "p"}})
    conn:send(res.body .. res.body_size .. res.status_code .. res.url .. res.headers["Content-Type"] .. res.cookies.sid)
  end)");
  text("x");
  ASSERT_EQ(host_.http_requests.size(), 1u);
  const HttpRequest& request = host_.http_requests[0];
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(request.method + request.url + request.body, "POSThttp://x/data");
  EXPECT_EQ(request.query, (Pairs{{"a", "1"}}));
  EXPECT_EQ(request.headers, (Pairs{{"X-A", "b"}}));
  EXPECT_EQ(request.cookies, (Pairs{{"c", "d"}}));
  EXPECT_EQ(request.basic_auth, (std::pair<std::string, std::string>("u", "p")));
  EXPECT_EQ(request.timeout, Millis(2500));
  host_.complete_all();
  EXPECT_EQ(last_sent(), "body4200http://x/text/plain1");
}

TEST_F(EventsTest, AFailedHttpRequestGivesNilAndTheReason) {
  host_.completes_at_once = true;
  host_.http_problem = "x: connection refused";
  EXPECT_EQ(eval("mix.http.request('GET', 'http://x/')"), "nil | x: connection refused");
  EXPECT_EQ(eval("mix.http.request('GET', 'http://x/', {timeout = 0})").substr(0, 6), "error:");
  EXPECT_EQ(eval("mix.http.request('GET', 'http://x/', {query = 'a=b'})").substr(0, 6), "error:");
}

TEST_F(EventsTest, RedisCommandsTravelAsWordsAndAnswersAsValues) {
  host_.completes_at_once = true;
  host_.redis_names.insert("main");
  host_.redis_reply.kind = RedisReply::Kind::list;
  host_.redis_reply.list = {{RedisReply::Kind::text, 0, "a", {}},
                            {RedisReply::Kind::integer, 1463819408261513216, "", {}},
                            {RedisReply::Kind::nil, 0, "", {}}};
  EXPECT_EQ(eval("mix.json_encode(mix.redis.connection('main'):command('set', 'k', 1, true))"),
            R"(["a",1463819408261513216])");
  EXPECT_EQ(host_.redis_commands.at(0), (std::vector<std::string>{"main", "set", "k", "1", "1"}));
  EXPECT_EQ(eval("mix.redis.connection('other')"), "nil | the configuration names no such Redis");
  host_.redis_reply = {RedisReply::Kind::error, 0, "ERR wrong", {}};
  EXPECT_EQ(eval("mix.redis.connection():command('x')"), "nil | ERR wrong");
}

TEST_F(EventsTest, RedisPushPutsTheWholeEventIntoAList) {
  open(
      "function on_message(m, conn) local n, err = mix.redis.push('jobs', {a = 1}) "
      "conn:send(tostring(n)) end");
  host_.redis_reply = {RedisReply::Kind::integer, 3, "", {}};
  text("x");
  host_.complete_all();
  EXPECT_EQ(last_sent(), "3");
  EXPECT_EQ(
      host_.redis_commands.at(0),
      (std::vector<std::string>{"", "LPUSH", "jobs",
                                R"({"n":"n1","c":"4611686018427387905","t":"jobs","d":{"a":1}})"}));
}

TEST_F(EventsTest, AWrongArgumentNamesTheLineOfTheScript) {
  watch_log();
  open("function on_message(m, conn)\n\n  mix.http.request(nil, 'x')\nend");
  text("x");
  EXPECT_NE(logged().find("entry.lua:3: bad argument #1 to 'request' (string expected, got nil)"),
            std::string::npos)
      << logged();
}

TEST_F(EventsTest, ForgettingTheColonIsExplained) {
  EXPECT_NE(eval("conn.client_id()").find("connection expected: write conn:name(), with a colon"),
            std::string::npos)
      << eval("conn.client_id()");
}

TEST_F(EventsTest, AThousandConnectionsLeaveNothingBehind) {
  const ScriptId script = load(
      "function on_message(m, conn) conn:context().x = {} tmp = conn end function on_close() end");
  const auto churn = [&] {
    for (int i = 0; i < 1000; ++i) {
      const ConnectionId id{1000 + i};
      vm().on_open(script, id, handshake());
      text("x", id);
      vm().on_close(id, {});
    }
    eval("1");
  };
  churn();
  const std::size_t before = vm().memory_used();
  for (int i = 0; i < 20; ++i) churn();
  EXPECT_LT(vm().memory_used(), before + (1 << 20));
}

}  // namespace
}  // namespace weft::script
