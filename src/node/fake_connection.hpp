// A client of the node that needs no socket: for the tests of this room. Remembers what it was
// sent; used on the loop of its place, or while that loop does not run.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "node/place.hpp"
#include "session/session.hpp"

namespace weft {

class FakeConnection final : public transport::Connection {
 public:
  explicit FakeConnection(net::Loop& loop) : loop_(loop) {}

  transport::SendResult send(DataType, std::span<const std::byte> payload) override {
    if (!open) return transport::SendResult::closed;
    if (full) return transport::SendResult::dropped;
    sent.emplace_back(as_text(payload));
    return transport::SendResult::queued;
  }
  transport::SendResult send_frame(const SharedBytes& frame) override {
    frames.push_back(frame.bytes().data());
    return send(DataType::text, frame.bytes());
  }
  transport::SharedForm shared_form() const override { return transport::SharedForm::plain; }
  SharedBytes deflate(DataType, std::span<const std::byte>) override { return {}; }
  void close(std::uint16_t code, std::string_view) override { open = false, closed_with = code; }
  void pause() override { paused = true; }
  void resume() override { paused = false; }
  void hold() override { held = true; }
  void release() override { held = false; }
  bool is_open() const override { return open; }
  std::size_t queued_bytes() const override { return queued; }
  std::string remote_addr() const override { return "192.0.2.1:1"; }
  net::Loop& loop() override { return loop_; }

  std::vector<std::string> sent;
  std::vector<const std::byte*> frames;  ///< where the frames it got lie
  bool open = true, full = false, paused = false, held = false;
  std::uint16_t closed_with = 0;
  std::size_t queued = 0;

 private:
  net::Loop& loop_;
};

/// A connection with its session. Opens with the next id of the place's loop.
struct FakeClient {
  FakeClient(Place& place, session::Dialect& dialect)
      : connection(place.loop()), session(place.admit(connection, dialect, 1000)) {}
  void end(std::uint16_t code = 1000) {
    session->on_close({code, "", ClosedBy::client});
    session.reset();
  }
  ConnectionId id() const { return session->id(); }

  FakeConnection connection;
  std::unique_ptr<session::Session> session;
};

}  // namespace weft
