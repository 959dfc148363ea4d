#include "script/edge_test.hpp"

namespace weft::script {
namespace {

class SandboxTest : public EdgeTest {};

TEST_F(SandboxTest, Item44NothingThatReachesOutsideIsThere) {
  for (const char* name : {"io",           "debug",           "jit",           "ffi",
                           "dofile",       "loadfile",        "getfenv",       "setfenv",
                           "newproxy",     "module",          "os.execute",    "os.remove",
                           "os.rename",    "os.exit",         "os.getenv",     "os.tmpname",
                           "os.setlocale", "package.loadlib", "package.cpath", "package.preload",
                           "string.dump"}) {
    EXPECT_EQ(eval(name), "nil") << name;
  }
  EXPECT_EQ(eval("type(os.time()) .. type(os.clock()) .. type(os.date())"), "numbernumberstring");
}

TEST_F(SandboxTest, Item44BytecodeIsRefused) {
  EXPECT_EQ(eval("loadstring('\\27LJ\\2')").substr(0, 6), "nil | ");
  EXPECT_EQ(eval("(function() local n = 0 return load(function() n = n + 1 return n == 1 and "
                 "'\\27LJ' or nil end) end)()")
                .substr(0, 6),
            "nil | ");
  EXPECT_EQ(eval("loadstring('return 6 * 7')()"), "42");
}

TEST_F(SandboxTest, Item44ModulesOutsideOfTheFoldersAreNotFound) {
  write("../weft_script_outside.lua", "return 'outside'");
  for (const char* name : {"../../etc/passwd", "/etc/passwd", "..", "../weft_script_outside",
                           "a/../../weft_script_outside", "./weft_script_outside", "ffi", "io", "",
                           "a//b", "no.such.module", "jit.util"}) {
    EXPECT_NE(eval("require('" + std::string(name) + "')").find("not found"), std::string::npos)
        << name;
  }
  std::filesystem::remove(folder_ / "../weft_script_outside.lua");
}

TEST_F(SandboxTest, Item44TheMetatableOfStringsIsLocked) {
  EXPECT_EQ(eval("getmetatable('')"), "string");
  EXPECT_EQ(eval("pcall(setmetatable, '', {})").substr(0, 5), "false");
}

TEST_F(SandboxTest, Item44MetatablesThatScriptsShareAreLocked) {
  for (const char* value : {"conn", "_G", "mix.json_decode('[]')", "mix.json_decode('1463819408261513216')",
                            "mix.redis.connection()"}) {
    EXPECT_EQ(eval("getmetatable(" + std::string(value) + ")"), "false") << value;
  }
}

TEST_F(SandboxTest, Item44CollectgarbageOnlyCounts) {
  EXPECT_EQ(eval("type(collectgarbage('count'))"), "number");
  EXPECT_EQ(eval("collectgarbage('stop')").substr(0, 6), "error:");
}

TEST_F(SandboxTest, ScriptsDoNotSeeEachOther) {
  const ScriptId first = load(
      "shared = 1 string.rep = nil math.pi = 3 mix.null = 5 function on_message(m, conn) "
      "conn:send('first') end",
      {"first.lua", "l1", {}, {}, {}});
  const ScriptId second = load(
      "function on_message(m, conn) conn:send(tostring(shared) .. tostring(string.rep ~= nil) .. "
      "math.floor(math.pi * 100)) end",
      {"second.lua", "l2", {}, {}, {}});
  vm().on_open(first, kId, handshake());
  vm().on_open(second, kOther, handshake());
  text("x", kOther);
  EXPECT_EQ(last_sent(), "niltrue314");
}

TEST_F(SandboxTest, OneFileForTwoListenersIsLoadedTwice) {
  const char* const code =
      "count = (count or 0) + 1 function on_message(m, conn) conn:send(count .. "
      "mix.server.option('path')) end";
  ScriptConfig one{"same.lua", "one", {}, {}, {{"path", "/one"}}},
      two{"same.lua", "two", {}, {}, {{"path", "/two"}}};
  vm().on_open(load(code, one), kId, handshake());
  vm().on_open(load(code, two), kOther, handshake());
  text("x");
  EXPECT_EQ(last_sent(), "1/one");
  text("x", kOther);
  EXPECT_EQ(last_sent(), "1/two");
}

TEST_F(SandboxTest, Item44AGlobalMadeInACallbackBelongsToItsConnection) {
  const ScriptId script = open(R"(
    total = 0
    function on_message(m, conn)
      total = total + 1
      if m.data == "set" then mine = "secret"; rawset(_G, "raw", "secret too") end
      conn:send(total .. tostring(mine) .. tostring(raw))
    end)");
  vm().on_open(script, kOther, handshake());
  text("set");
  EXPECT_EQ(last_sent(), "1secretsecret too");
  text("get", kOther);
  EXPECT_EQ(last_sent(), "2nilnil");
  text("get");
  EXPECT_EQ(last_sent(), "3secretsecret too");
}

TEST_F(SandboxTest, MethodsThatAScriptAddsToStringWorkForItsStrings) {
  EXPECT_EQ(run("conn:send(tostring(('x').shout))"), "nil");
  open(
      "function string.shout(s) return s:upper() .. '!' end function on_message(m, conn) "
      "conn:send(m.data:shout()) end");
  text("hey");
  EXPECT_EQ(last_sent(), "HEY!");
}

TEST_F(SandboxTest, RequireFindsAllSpellings) {
  for (const char* name :
       {"protocols/websocket", "protocols.websocket", "protocols/text", "protocols/jsonrpc"}) {
    EXPECT_EQ(eval("type(require('" + std::string(name) + "'))"), "table") << name;
  }
  EXPECT_EQ(eval("require('protocols/text') == require('protocols.text')"), "true");
  for (const char* name : {"prettyprint", "utils.prettyprint", "utils/prettyprint"}) {
    EXPECT_EQ(eval("type(require('" + std::string(name) + "'))"), "table") << name;
  }
}

TEST_F(SandboxTest, AFileOnModulePathsOverridesABuiltInModule) {
  limits_.module_paths = {(folder_ / "modules").string()};
  write("modules/protocols/text.lua", "return { name = 'mine' }");
  write("modules/deep/er/mod.lua", "return ...");
  EXPECT_EQ(eval("require('protocols.text').name"), "mine");
  EXPECT_EQ(eval("require('deep.er.mod')"), "deep/er/mod");
}

TEST_F(SandboxTest, AModuleThatFailsIsTriedAgain) {
  limits_.module_paths = {(folder_ / "modules").string()};
  write("modules/bad.lua", "error('not today')");
  EXPECT_NE(eval("require('bad')").find("not today"), std::string::npos);
  EXPECT_NE(eval("pcall(require, 'bad')").find("false"), std::string::npos);
}

TEST_F(SandboxTest, TrustedScriptsHaveTheFullLibraries) {
  limits_.trusted = true;
  EXPECT_EQ(eval("type(io.open) .. type(os.getenv) .. type(require('ffi').new)"),
            "functionfunctionfunction");
}

TEST_F(SandboxTest, PrettyprintMakesTablesReadable) {
  watch_log();
  open("require('prettyprint') function on_message(m, conn) print({b = {1}, a = 'x'}) end");
  text("x");
  const std::string log = logged();
  EXPECT_NE(log.find(R"(["a"] = "x",)"), std::string::npos) << log;
  EXPECT_NE(log.find(R"([1] = 1)"), std::string::npos) << log;
}

// --- item 43: scripts that run away ---

TEST_F(SandboxTest, Item43AnEndlessLoopIsStoppedAndTheConnectionLives) {
  watch_log();
  open(
      "function on_message(m, conn)\n if m.data == 'loop' then\n  while true do end\n end\n "
      "conn:send('fine')\nend");
  text("loop");
  text("next");
  EXPECT_EQ(last_sent(), "fine");
  EXPECT_EQ(registry_.total("weft_script_aborted_total"), 1);
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 1);
  EXPECT_NE(logged().find("entry.lua:3: ran longer than the 50 ms of one event and was stopped"),
            std::string::npos)
      << logged();
  EXPECT_TRUE(host_.calls.empty());
}

TEST_F(SandboxTest, Item43NothingSwallowsTheAbort) {
  limits_.watchdog = std::chrono::milliseconds(20);
  for (const char* body : {
           "while true do pcall(function() while true do end end) end",
           "local f = coroutine.wrap(function() while true do end end) while true do pcall(f) end",
           "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
           "local function f() return xpcall(f, f) end while true do f() end",
           "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true "
           "do pcall(function() return t[1] end) end",
           "local function again() local ok, e = pcall(error, 'x') return again() end again()",
           "while true do local c = coroutine.create(function() end) coroutine.resume(c) end",
           "table.sort({3, 2, 1}, function(a, b) while true do end end)",
           "('x'):gsub('.', function() while true do end end)",
           "setmetatable({}, {__tostring = function() while true do end end}) "
           "print(setmetatable({}, {__tostring = function() while true do end end}))",
           "while true do pcall(mix.json_decode, '[') end",
       }) {
    EXPECT_EQ(run(std::string(body) + " conn:send('swallowed')"), "(nothing)") << body;
    EXPECT_EQ(eval("1 + 1"), "2") << body;
  }
}

TEST_F(SandboxTest, Item43MemoryIsCappedAndComesBack) {
  limits_.memory = 16 << 20;
  limits_.watchdog = std::chrono::milliseconds(2'000);
  for (const char* body : {
           "local s = ('x'):rep(2^31 - 1)",
           "local s = ('x'):rep(100 * 1024 * 1024)",
           "local t = {} for i = 1, 1e9 do t[i] = {i} end",
           "local s = 'x' while true do s = s .. s end",
           "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
           "local t = {} pcall(function() for i = 1, 1e9 do t[i] = {i} end end) t[1] = {} for i = "
           "1, 1e9 do t[i] = {i} end",
           "local t = {} for i = 1, 1e9 do t[i] = mix.json_decode('[1,2,3]') end",
       }) {
    EXPECT_EQ(run(std::string(body) + " conn:send('no cap')"), "(nothing)") << body;
    EXPECT_EQ(eval("#('x'):rep(1024 * 1024)"), "1048576") << body;
    EXPECT_LT(vm().memory_used(), limits_.memory + (1 << 20));
  }
}

TEST_F(SandboxTest, Item43AStackThatGrowsForEverIsAnError) {
  EXPECT_NE(eval("(function() local function f() return 1 + f() end return f() end)()")
                .find("stack overflow"),
            std::string::npos);
  EXPECT_EQ(eval("#string.rep('', 1e9)"), "0");
}

TEST_F(SandboxTest, AScriptThatLeavesGarbageBehindDoesNotReachTheCap) {
  limits_.memory = 32 << 20;
  open(
      "kept = {} for i = 1, 150000 do kept[i] = {i} end function on_message(m, conn) local s = {} "
      "for i = 1, 2000 do s[i] = ('x'):rep(100) .. i end conn:send('ok') end");
  for (int i = 0; i < 300; ++i) text("x");
  EXPECT_EQ(host_.sent.size(), 300u);
}

}  // namespace
}  // namespace weft::script
