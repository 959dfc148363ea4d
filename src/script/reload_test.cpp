#include <cstdlib>

#include "script/edge_test.hpp"
#include "script/reporter.hpp"

namespace weft::script {
namespace {

class ReloadTest : public EdgeTest {};

TEST_F(ReloadTest, AChangedFileTakesEffectForNewEvents) {
  open(
      "function on_message(m, conn) if m.data == 'wait' then conn:wait_context_value('k') end "
      "conn:send('old') end");
  EXPECT_FALSE(vm().reload_changed());
  text("wait");
  write("entry.lua",
        "function on_message(m, conn) conn:send('new ' .. conn:context().headers.Host) end");
  EXPECT_TRUE(vm().reload_changed());
  EXPECT_FALSE(vm().reload_changed());
  vm().set_context(kId, R"({"k":1})");
  EXPECT_EQ(last_sent(), "old");  // an event keeps the callbacks it began with
  text("x");
  EXPECT_EQ(last_sent(), "new localhost");
}

TEST_F(ReloadTest, AScriptThatDoesNotCompileLeavesTheOldOneRunning) {
  watch_log();
  open("function on_message(m, conn) conn:send('old') end");
  write("entry.lua", "function on_message(m, conn)\n  conn:send('new'\nend");
  EXPECT_FALSE(vm().reload_changed());
  text("x");
  EXPECT_EQ(last_sent(), "old");
  EXPECT_NE(logged().find("entry.lua:3: ')' expected"), std::string::npos) << logged();
  const std::string before = logged();
  EXPECT_FALSE(vm().reload_changed());
  EXPECT_EQ(logged(), before);  // once per change
  write("entry.lua", "function on_message(m, conn) conn:send('mended') end");
  EXPECT_TRUE(vm().reload_changed());
  text("x");
  EXPECT_EQ(last_sent(), "mended");
}

TEST_F(ReloadTest, AScriptThatHasGoneLeavesTheOldOneRunning) {
  open("function on_message(m, conn) conn:send('old') end");
  std::filesystem::remove(folder_ / "entry.lua");
  EXPECT_FALSE(vm().reload_changed());
  text("x");
  EXPECT_EQ(last_sent(), "old");
}

TEST_F(ReloadTest, AFileThatIsTouchedButNotChangedIsNotLoadedAgain) {
  open("count = (count or 0) + 1 mix.queue.push('t', 'loaded') function on_message(m, conn) end");
  const auto path = folder_ / "entry.lua";
  std::filesystem::last_write_time(
      path, std::filesystem::last_write_time(path) + std::chrono::seconds(5));
  EXPECT_FALSE(vm().reload_changed());
  EXPECT_EQ(host_.pushed.size(), 1u);
}

TEST_F(ReloadTest, AChangedModuleLoadsItsScriptAgain) {
  write("greeting.lua", "return 'hello'");
  open("local greeting = require('greeting') function on_message(m, conn) conn:send(greeting) end");
  write("greeting.lua", "return 'good day'");
  EXPECT_TRUE(vm().reload_changed());
  text("x");
  EXPECT_EQ(last_sent(), "good day");
}

TEST_F(ReloadTest, AModuleThatBreaksIsNamedWithItsLine) {
  watch_log();
  write("lib.lua", "return {}");
  open("local lib = require('lib') function on_message(m, conn) conn:send('old') end");
  write("lib.lua", "return {\n  a = = 1 }");
  EXPECT_FALSE(vm().reload_changed());
  EXPECT_NE(logged().find("lib.lua:2:"), std::string::npos) << logged();
}

// --- at start-up ---

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ScriptError& error) {
    return error.what();
  }
  return "(no error)";
}

TEST_F(ReloadTest, AtStartAnErrorNamesFileAndLine) {
  limits_.load_watchdog = std::chrono::milliseconds(100);
  EXPECT_NE(message_of([&] { load("x = = 1"); }).find("entry.lua:1: unexpected symbol"),
            std::string::npos);
  EXPECT_NE(message_of([&] { load("\n\nerror('top')"); }).find("entry.lua:3: top"),
            std::string::npos);
  EXPECT_NE(message_of([&] {
              load("function init()\n  local t = nil\n  t.x = 1\nend");
            }).find("entry.lua:3: attempt to index"),
            std::string::npos);
  EXPECT_NE(message_of([&] { load("while true do end"); }).find("ran longer than the 100 ms"),
            std::string::npos);
  EXPECT_NE(message_of([&] { load("\27LJ"); }).find("entry.lua"), std::string::npos);
  EXPECT_NE(message_of([&] {
              load("function init()\n mix.http.request('GET', 'http://x/') end");
            }).find("entry.lua:2: this has to wait"),
            std::string::npos);
  EXPECT_NE(message_of([&] {
              vm().load({"/nowhere/entry.lua", "l", {}, {}, {}});
            }).find("/nowhere/entry.lua: cannot read"),
            std::string::npos);
}

TEST(ReporterTest, FindsThePlaceInAMessage) {
  const Place place = place_in("lua/entry.lua:41: attempt to index");
  EXPECT_EQ(place.file, "lua/entry.lua");
  EXPECT_EQ(place.line, 41);
  EXPECT_EQ(place.what, "attempt to index");
  EXPECT_EQ(place_in("no place").line, 0);
  EXPECT_EQ(place_in("C:\\x.lua:7: what").line, 7);
}

TEST(ReporterTest, DrawsThreeLinesWithAMark) {
  EXPECT_EQ(code_frame("a\nb\nc\nd", 2),
            (std::vector<std::string>{"      1 | a", ">     2 | b", "      3 | c"}));
  EXPECT_EQ(code_frame("a", 1), (std::vector<std::string>{">     1 | a"}));
  EXPECT_TRUE(code_frame("a", 5).empty());
}

// --- the script printed in the document about the chat ---

/// The Lua code block of the document whose name begins with 004, from the folder that WEFT_SEEDS
/// names.
std::string documented_script() {
  const char* folder = std::getenv("WEFT_SEEDS");
  if (!folder) return "";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with("004")) continue;
    std::ifstream file(entry.path());
    const std::string document{std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>()};
    const std::size_t begin = document.find("```lua\n"), end = document.find("```", begin + 7);
    if (end != document.npos) return document.substr(begin + 7, end - begin - 7);
  }
  return "";
}

class DocumentedScriptTest : public EdgeTest {
 protected:
  void SetUp() override {
    script_ = documented_script();
    if (script_.empty())
      GTEST_SKIP() << "set WEFT_SEEDS to the folder with the document of the chat";
  }
  std::string script_;
};

TEST_F(DocumentedScriptTest, RunsUnmodifiedOnAWebSocketListener) {
  open(script_);
  EXPECT_EQ(host_.topics, (std::map<std::string, std::size_t>{{"chat", 100}, {"conn", 100}}));
  ASSERT_EQ(host_.pushed.size(), 1u);
  EXPECT_EQ(host_.pushed[0].topic, "conn");

  text(R"({"op":"auth","args":["user1","123456"]})");
  text(R"({"op":"subscribe","args":["room_101"]})");
  ASSERT_EQ(host_.pushed.size(), 2u);
  EXPECT_NE(host_.pushed[1].json.find(R"("headers":{)"), std::string::npos);
  vm().set_context(kId, R"({"uid":1})");
  ASSERT_EQ(host_.pushed.size(), 3u);
  EXPECT_NE(host_.pushed[2].json.find(R"("uid":1)"), std::string::npos);

  // A login that fails sets another key than the script waits for.
  text(R"({"op":"auth","args":["user1","wrong"]})");
  vm().set_context(kId, R"({"user_id":0})");
  text(R"({"op":"sendbroadcast","args":["hi"]})");
  EXPECT_EQ(host_.pushed.size(), 4u);
  pass(Millis(10'200));
  EXPECT_EQ(host_.pushed.size(), 5u);

  text("not json");
  EXPECT_EQ(host_.pushed.size(), 5u);
  vm().on_message(kId, DataType::binary, "x");
  vm().on_close(kId, {1000, "", ClosedBy::client});
  EXPECT_EQ(host_.pushed.back().topic, "conn");
  EXPECT_NE(host_.pushed.back().json.find(R"("event":"close")"), std::string::npos);
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 0);
}

TEST_F(DocumentedScriptTest, RunsUnmodifiedOnASocketListener) {
  open_socket(script_);
  vm().on_bytes(
      kId,
      "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  ASSERT_EQ(host_.sent.size(), 1u);
  ASSERT_EQ(host_.pushed.size(), 1u);
  EXPECT_NE(host_.pushed[0].json.find(R"("event":"handshake")"), std::string::npos);
  std::string frame("\x81\x90\0\0\0\0", 6);  // masked with zeros
  frame += R"({"op":"auth"}   )";
  vm().on_bytes(kId, frame);
  ASSERT_EQ(host_.pushed.size(), 2u);
  EXPECT_EQ(host_.pushed[1].topic, "chat");
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 0);
}

}  // namespace
}  // namespace weft::script
