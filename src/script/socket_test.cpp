// Socket listeners: the script cuts packages out of bytes.
#include "script/edge_test.hpp"
#include "wire/ws/frame.hpp"

namespace weft::script {
namespace {

class SocketTest : public EdgeTest {
 protected:
  void bytes(std::string_view data) { vm().on_bytes(kId, data); }
  std::string all_sent() const {
    std::string all;
    for (const auto& sent : host_.sent) all += sent.data + ";";
    return all;
  }
};

// Packages of a length byte and so many bytes.
constexpr std::string_view kLengthByte = R"(
  function protocol_input(buf, conn)
    if buf:length() < 1 then return 0 end
    local n = buf:read(1):byte()
    if n == 255 then return -1 end
    return n + 1
  end
  function protocol_decode(str, conn)
    if #str == 1 then return nil end
    return {body = str:sub(2)}
  end
  function protocol_encode(str, conn)
    if str == "refuse" then return 5 end
    return string.char(#str) .. str
  end
  function on_message(data, conn)
    if data.body == "fail" then error("no") end
    if data.body == "wait" then conn:wait_context_value("k") end
    if data.body == "clear" then conn:clear_buffer() end
    conn:send(data.body)
  end
  function on_close(err, conn) mix.queue.push("t", "closed") end
)";

TEST_F(SocketTest, PackagesAreCutHoweverTheBytesArrive) {
  open_socket(kLengthByte);
  const std::string stream = std::string("\5hello") + '\0' + "\2ab" + "\1x";
  bytes(stream);
  EXPECT_EQ(all_sent(), "hello;ab;x;");
  host_.sent.clear();
  for (const char c : stream) bytes(std::string_view(&c, 1));
  EXPECT_EQ(all_sent(), "hello;ab;x;");
  EXPECT_EQ(host_.sent[0].type, DataType::binary);
}

TEST_F(SocketTest, OneEventPerPackageSoAnErrorCostsOnlyItsOwn) {
  open_socket(kLengthByte);
  bytes("\4fail\2ok");
  EXPECT_EQ(all_sent(), "ok;");
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 1);
}

TEST_F(SocketTest, BytesWaitWhileAPackageIsHandled) {
  open_socket(kLengthByte);
  bytes("\4wait\1a");
  EXPECT_TRUE(vm().is_busy(kId));
  EXPECT_TRUE(host_.paused.contains(kId));
  bytes("\1b");
  EXPECT_EQ(all_sent(), "");
  vm().set_context(kId, R"({"k":1})");
  EXPECT_EQ(all_sent(), "wait;a;b;");
  EXPECT_FALSE(host_.paused.contains(kId));
}

TEST_F(SocketTest, WhatArrivedBeforeTheEndIsHandledBeforeOnClose) {
  open_socket(kLengthByte);
  bytes("\4wait\1a\5part");
  vm().on_close(kId, {});
  EXPECT_EQ(host_.pushed.size(), 1u);
  EXPECT_FALSE(vm().has(kId));
}

TEST_F(SocketTest, MinusOneEndsTheConnectionAndTheRestIsNotRead) {
  open_socket(kLengthByte);
  bytes("\1a\xff\1b");
  bytes("\1c");
  EXPECT_EQ(all_sent(), "a;");
  EXPECT_EQ(host_.calls,
            (std::vector<std::string>{"close " + to_string(kId) + " 1002 protocol_input gave -1"}));
}

TEST_F(SocketTest, ClearBufferDropsWhatFollows) {
  open_socket(kLengthByte);
  bytes("\5clear\1a");
  bytes("\1b");
  EXPECT_EQ(all_sent(), "clear;b;");
}

TEST_F(SocketTest, APackageLargerThanMaxPackageEndsTheConnection) {
  limits_.max_package = 100;
  open_socket(
      "function protocol_input(buf) return tonumber(buf:tostring()) or 0 end function "
      "on_message(d, c) end");
  bytes("101");
  EXPECT_EQ(host_.calls.at(0),
            "close " + to_string(kId) + " 1009 a package is larger than max_package");
  vm().on_open(0, kOther);
  vm().on_bytes(kOther, std::string(99, 'x'));
  EXPECT_EQ(host_.calls.size(), 1u);
  vm().on_bytes(kOther, "x");
  EXPECT_EQ(host_.calls.size(), 2u);
}

TEST_F(SocketTest, TheBufferIsASnapshotWithACursor) {
  open_socket(R"(
    function protocol_input(buf, conn)
      local first = buf:read(2)
      local rest, err = buf:read(100)
      conn:send(table.concat({first, tostring(rest), err, buf:position(), buf:length(), buf:tostring(), tostring(buf), buf:find("c"), tostring(buf:find("z"))}, "|"))
      kept = buf
      return buf:length()
    end
    function on_message(data, conn) conn:send(data .. tostring(pcall(kept.tostring, kept))) end)");
  bytes("abcd");
  EXPECT_EQ(all_sent(), "ab|nil|the buffer holds fewer bytes|2|4|abcd|abcd|2|nil;abcdfalse;");
}

TEST_F(SocketTest, SomethingElseThanANumberIsAnErrorAndKeepsTheBytes) {
  open_socket(
      "asked = 0 function protocol_input(buf) asked = asked + 1 if buf:length() < 2 then return "
      "'two' end return 2 end function on_message(d, c) c:send(d) end");
  bytes("a");
  EXPECT_EQ(registry_.total("weft_script_errors_total"), 1);
  bytes("b");
  EXPECT_EQ(all_sent(), "ab;");
}

TEST_F(SocketTest, PushesFromOutsideGoThroughProtocolEncode) {
  open_socket(kLengthByte);
  EXPECT_EQ(vm().encode(kId, "hey", DataType::text).value(), "\3hey");
  EXPECT_EQ(vm().encode(kId, "refuse", DataType::text).error(), ScriptErrc::not_encoded);
  EXPECT_EQ(vm().encode(kOther, "hey", DataType::text).error(), ScriptErrc::no_such_connection);
  EXPECT_EQ(vm().encode(kId, std::string(300, 'x'), DataType::text).error(),
            ScriptErrc::not_encoded);  // string.char fails
  bytes("\4wait");
  EXPECT_EQ(vm().encode(kId, "hey", DataType::text).value(), "\3hey");
}

TEST_F(SocketTest, ProtocolEncodeMustNotWait) {
  open_socket(
      "function protocol_input(buf) return 0 end function protocol_encode(s, conn) "
      "conn:wait_context_value('k') return s end function on_message(d, c) end");
  EXPECT_EQ(vm().encode(kId, "x", DataType::text).error(), ScriptErrc::not_encoded);
  vm().set_context(kId, R"({"k":1})");
  EXPECT_FALSE(vm().is_busy(kId));
}

TEST_F(SocketTest, ASocketListenerNeedsProtocolInput) {
  ScriptConfig config;
  config.protocol = Protocol::socket;
  EXPECT_THROW(load("function on_message(d, c) end", config), ScriptError);
}

TEST_F(SocketTest, ManySmallPackagesInOneReadTakeLinearTime) {
  open_socket(kLengthByte);
  std::string stream;
  for (int i = 0; i < 20'000; ++i) stream += "\1x";
  bytes(stream);
  EXPECT_EQ(host_.sent.size(), 20'000u);
}

// --- the protocols we ship ---

TEST_F(SocketTest, TextLinesEndInLineFeedsWithOrWithoutCarriageReturn) {
  open_socket(
      "local text = require('protocols/text') protocol_input, protocol_decode, protocol_encode = "
      "text.input, text.decode, text.encode function on_message(d, c) c:send('[' .. d .. ']') end");
  bytes("one\r\ntwo\n\nthr");
  bytes("ee\n");
  EXPECT_EQ(all_sent(), "[one];[two];[];[three];");
  EXPECT_EQ(vm().encode(kId, "out", DataType::text).value(), "out\n");
  bytes(std::string(65535, 'x') + "\n");
  EXPECT_EQ(host_.sent.back().data.size(), 65537u);
  EXPECT_TRUE(host_.calls.empty());
  bytes(std::string(65536, 'x'));
  EXPECT_EQ(host_.calls.size(), 1u);
}

TEST_F(SocketTest, JsonrpcTakesObjectsWithMethodAndParamsOnly) {
  const char* const code =
      "local rpc = require('protocols.jsonrpc') protocol_input, protocol_decode, protocol_encode = "
      "rpc.input, rpc.decode, rpc.encode function on_message(d, c) c:send(d.method .. #d.params) "
      "end";
  open_socket(code);
  bytes("{\"method\":\"add\",\"params\":[1,2],\"id\":1}\n");
  EXPECT_EQ(all_sent(), "add2;");
  for (const char* line : {"nonsense\n", "[]\n", "{\"method\":\"x\"}\n", "{\"params\":[]}\n"}) {
    host_.calls.clear();
    bytes(line);
    ASSERT_EQ(host_.calls.size(), 1u) << line;
    EXPECT_EQ(host_.calls[0].substr(0, 5), "close") << line;
  }
}

// --- WebSocket in Lua ---

constexpr std::string_view kWebSocketA = R"(
  local websocket = require("protocols/websocket")
  function on_connect(conn) end
  function on_handshake(headers, conn) mix.queue.push("conn", {headers["X-Token"], conn:client_id(), headers.RequestUri}) end
  function protocol_input(buf, conn) return websocket.input(buf, conn, "/chat", on_handshake) end
  function protocol_decode(str, conn) return websocket.decode(conn) end
  function protocol_encode(str, conn) return websocket.encode(str) end
  function on_message(data, conn)
    mix.queue.push("chat", {data.type, data.type == "close" and "" or data.data, data.finish})
    if data.type == "text" then websocket.send_text(conn, data.data) end
  end
  function on_close(err, conn) end
)";

constexpr std::string_view kUpgrade =
    "GET /chat?x=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nX-Token: "
    "abc\r\n\r\n";

std::string client_frame(ws::Opcode opcode, std::string_view payload) {
  return std::string(
      ws::encode_client_frame(opcode, as_bytes(payload),
                              {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}})
          .text());
}

TEST_F(SocketTest, TheLuaWebSocketAnswersTheHandshakeOfTheRfc) {
  open_socket(kWebSocketA);
  bytes(kUpgrade);
  ASSERT_EQ(host_.sent.size(), 1u);
  EXPECT_TRUE(host_.sent[0].data.starts_with("HTTP/1.1 101 ")) << host_.sent[0].data;
  EXPECT_NE(host_.sent[0].data.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            std::string::npos);
  ASSERT_EQ(host_.pushed.size(), 1u);
  EXPECT_EQ(host_.pushed[0].json, R"(["abc","4611686018427387905","/chat?x=1"])");
  EXPECT_NE(vm().context_json(kId).find(R"("X-Token":"abc")"), std::string::npos);
}

TEST_F(SocketTest, TheLuaWebSocketHandsOutFramesHoweverTheBytesArrive) {
  const std::string stream = std::string(kUpgrade) + client_frame(ws::Opcode::text, "hello") +
                             client_frame(ws::Opcode::binary, "\1\2");
  open_socket(kWebSocketA);
  for (const char c : stream) bytes(std::string_view(&c, 1));
  ASSERT_EQ(host_.pushed.size(), 3u);
  EXPECT_EQ(host_.pushed[1].json, R"(["text","hello",true])");
  EXPECT_EQ(host_.pushed[2].json, R"(["binary","\u0001\u0002",true])");
  EXPECT_EQ(host_.sent.back().data, std::string("\x81\5hello"));
  EXPECT_EQ(vm().encode(kId, "out", DataType::text).value(), std::string("\x81\3out"));
}

TEST_F(SocketTest, TheLuaWebSocketAnswersPingsAndCloseFrames) {
  open_socket(kWebSocketA);
  bytes(std::string(kUpgrade) + client_frame(ws::Opcode::ping, "p"));
  EXPECT_EQ(host_.sent.back().data, std::string("\x8a\1p"));
  bytes(client_frame(ws::Opcode::close, "\x03\xe8"));
  EXPECT_EQ(host_.sent.back().data, std::string("\x88\2\x03\xe8"));
  EXPECT_EQ(host_.calls,
            (std::vector<std::string>{"close " + to_string(kId) + " 1000 closed by the client"}));
  EXPECT_EQ(host_.pushed.back().json.substr(0, 8), R"(["close")");
}

TEST_F(SocketTest, TheLuaWebSocketEndsTalksThatBreakTheRules) {
  const std::string bad[] = {
      std::string("\x81\5hello"),                           // not masked
      std::string("\xc1\x80\1\2\3\4", 6),                   // RSV1
      client_frame(ws::Opcode::continuation, "x"),          // nothing to continue
      client_frame(ws::Opcode::text, "\xff"),               // not UTF-8
      std::string("\x81\xff\0\0\0\1\0\0\0\0\1\2\3\4", 14),  // 4 GiB
  };
  const char* const codes[] = {"\x03\xea", "\x03\xea", "\x03\xea", "\x03\xef", "\x03\xf1"};
  const ScriptId script = open_socket(kWebSocketA);
  for (std::size_t i = 0; i < std::size(bad); ++i) {
    const ConnectionId id{500 + static_cast<std::int64_t>(i)};
    host_.calls.clear();
    vm().on_open(script, id);
    vm().on_bytes(id, std::string(kUpgrade) + bad[i]);
    EXPECT_EQ(host_.calls.size(), 1u) << i;
    EXPECT_EQ(host_.sent.back().data.substr(0, 1), "\x88") << i;
    EXPECT_EQ(host_.sent.back().data.substr(2, 2), codes[i]) << i;
  }
}

TEST_F(SocketTest, TheLuaWebSocketRefusesBadHandshakes) {
  const std::pair<const char*, const char*> cases[] = {
      {"GET /other HTTP/1.1\r\nHost: x\r\n\r\n", "404"},
      {"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405"},
      {"GET /chat HTTP/1.1\r\nHost: x\r\n\r\n", "426"},
      {"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
       "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
       "Sec-WebSocket-Key: short\r\n\r\n",
       "400"},
      {"nonsense\r\n\r\n", "400"},
  };
  const ScriptId script = open_socket(kWebSocketA);
  std::int64_t id = 600;
  for (const auto& [request, status] : cases) {
    host_.calls.clear();
    vm().on_open(script, ConnectionId{++id});
    vm().on_bytes(ConnectionId{id}, request);
    EXPECT_EQ(host_.sent.back().data.substr(9, 3), status) << request;
    EXPECT_EQ(host_.calls.size(), 1u) << request;
  }
}

TEST_F(SocketTest, TheLuaWebSocketSpeaksGenerationB) {
  ScriptConfig config;
  config.protocol = Protocol::socket;
  config.options = {{"path", "/chat"}};
  open(R"(
    local websocket = require("protocols/websocket")
    function on_connect(client_id) end
    function on_handshake(client_id, headers, server) mix.queue.push("conn", {client_id, headers["X-Token"], server.Host}) end
    function protocol_input(buf) return websocket.input(buf, on_handshake) end
    function protocol_decode(str) return websocket.decode(str) end
    function protocol_encode(str) return websocket.encode(str) end
    function on_message(msg) websocket.send_binary(msg.data) end
    function on_close(client_id, err) end)",
       config);
  bytes(std::string(kUpgrade) + client_frame(ws::Opcode::text, "hi"));
  EXPECT_EQ(host_.pushed.at(0).json, R"(["4611686018427387905","abc","localhost"])");
  EXPECT_EQ(host_.sent.back().data, std::string("\x82\2hi"));
}

}  // namespace
}  // namespace weft::script
