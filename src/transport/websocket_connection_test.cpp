#include "transport/websocket_connection.hpp"

#include "transport/door_test.hpp"
#include "wire/ws/frame.hpp"

namespace weft::transport {
namespace {

constexpr std::string_view kHandshake =
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A short client frame under a mask of zeros.
std::string frame(ws::Opcode opcode, std::string_view payload) {
  std::string out{static_cast<char>(0x80 | static_cast<int>(opcode)),
                  static_cast<char>(0x80 | payload.size()),
                  0,
                  0,
                  0,
                  0};
  return out.append(payload);
}
std::string text(std::string_view payload) { return frame(ws::Opcode::text, payload); }
const std::string kClose = frame(ws::Opcode::close,
                                 "\x03\xe8"
                                 "bye");

class WebSocketConnectionTest : public DoorTest {
 protected:
  /// Upgraded; `early` comes right behind the handshake.
  void upgrade(const std::string& early = "") {
    open();
    say(std::string(kHandshake) + early);
    run_until([&] { return socket_ != nullptr; });
  }
  void run_until_closed() {
    run_until([&] { return heard(), !seen_.closes.empty(); });
  }
  void run_until_messages(std::size_t count) {
    run_until([&] { return seen_.messages.size() >= count; });
  }
};

TEST_F(WebSocketConnectionTest, HearsWhatCameBehindTheHandshake) {
  upgrade(text("early") + text("bird"));
  run_until_messages(2);
  EXPECT_EQ(seen_.messages, (std::vector<std::string>{"early", "bird"}));
}

TEST_F(WebSocketConnectionTest, EchoesTheClientsCloseAndTellsItOnce) {
  upgrade(text("a") + kClose + text("late"));
  run_until_over();
  EXPECT_TRUE(
      heard().ends_with("\x88\x05\x03\xe8"
                        "bye"));
  leave();
  ASSERT_EQ(seen_.closes.size(), 1u);
  EXPECT_EQ(seen_.closes[0].code, 1000);
  EXPECT_EQ(seen_.closes[0].reason, "bye");
  EXPECT_EQ(seen_.closes[0].by, ClosedBy::client);
  EXPECT_EQ(seen_.messages, std::vector<std::string>{"a"});
}

TEST_F(WebSocketConnectionTest, AClientThatJustGoesIsTheNetworksDoing) {
  upgrade();
  leave();
  run_until([&] { return !seen_.closes.empty(); });
  EXPECT_EQ(seen_.closes[0].code, 1006);
  EXPECT_EQ(seen_.closes[0].by, ClosedBy::network);
}

TEST_F(WebSocketConnectionTest, ABrokenRuleIsTheServersDoing) {
  upgrade(text("a") + frame(static_cast<ws::Opcode>(3), "") + text("late"));
  run_until_over();
  ASSERT_EQ(seen_.closes.size(), 1u);
  EXPECT_EQ(seen_.closes[0].code, 1002);
  EXPECT_EQ(seen_.closes[0].by, ClosedBy::server);
  EXPECT_EQ(seen_.messages, std::vector<std::string>{"a"});
}

TEST_F(WebSocketConnectionTest, AHandlerThatPausesHearsTheNextMessageAfterResume) {
  pauses_ = true;
  upgrade(text("one") + text("two") + text("three"));
  run_until_messages(1);
  EXPECT_EQ(seen_.messages.size(), 1u);
  socket_->resume();
  EXPECT_EQ(seen_.messages.size(), 2u);
  pauses_ = false;
  socket_->resume();
  EXPECT_EQ(seen_.messages, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(WebSocketConnectionTest, HeldItHearsNothingWhateverTheHandlerResumes) {
  pauses_ = true;
  upgrade(text("one") + text("two") + text("three"));
  run_until_messages(1);
  socket_->hold();
  socket_->resume();
  EXPECT_EQ(seen_.messages.size(), 1u);
  socket_->release();
  EXPECT_EQ(seen_.messages.size(), 2u);
  socket_->hold();
  socket_->release();
  EXPECT_EQ(seen_.messages.size(), 2u) << "the handler still has its own reason";
  pauses_ = false;
  socket_->resume();
  EXPECT_EQ(seen_.messages, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(WebSocketConnectionTest, HeldItStillHearsTheEchoOfItsClose) {
  upgrade();
  socket_->hold();
  socket_->close(4001, "enough");
  EXPECT_FALSE(socket_->is_open());
  run_until_heard("enough");
  say(frame(ws::Opcode::close, "\x0f\xa1"));
  run_until_closed();
  EXPECT_EQ(seen_.closes[0].by, ClosedBy::server);
}

TEST_F(WebSocketConnectionTest, AfterItsOwnCloseItSendsNothingAndWaitsForTheEcho) {
  upgrade();
  socket_->close(4001, "enough");
  EXPECT_EQ(socket_->send(DataType::text, as_bytes("more")), SendResult::closed);
  run_until_heard("enough");
  EXPECT_TRUE(seen_.closes.empty()) << "the handshake of closing is not over";
  say(frame(ws::Opcode::close, "\x0f\xa1"));
  run_until_closed();
  EXPECT_EQ(seen_.closes[0].code, 4001);
  EXPECT_EQ(seen_.closes[0].by, ClosedBy::server);
}

TEST_F(WebSocketConnectionTest, AClientThatDoesNotEchoTheCloseIsCutOff) {
  upgrade();
  socket_->close(4001, "enough");
  run_until_heard("enough");
  let_pass(Millis(4'000));
  run_until_over();
  ASSERT_EQ(seen_.closes.size(), 1u);
  EXPECT_EQ(seen_.closes[0].code, 4001);
}

TEST_F(WebSocketConnectionTest, PingsAreAnsweredBeforeWhatTheHandlerSends) {
  upgrade(frame(ws::Opcode::ping, "p") + text("a"));
  run_until_messages(1);
  socket_->send(DataType::text, as_bytes("b"));
  run_until_heard(
      "\x81\x01"
      "b");
  EXPECT_NE(heard().find(std::string_view("\x8a\x01p\x81\x01"
                                          "b")),
            std::string::npos);
}

}  // namespace
}  // namespace weft::transport
