// Sessions without sockets: real session::Session objects, each on a connection that only counts.
// For the benches of the hub.
#pragma once
#include <memory>
#include <vector>

#include "base/check.hpp"
#include "session/session.hpp"

namespace weft {

class FakeConnection final : public transport::Connection {
 public:
  transport::SendResult send(DataType, std::span<const std::byte> payload) override {
    queued_ += payload.size();
    return transport::SendResult::queued;
  }
  transport::SendResult send_frame(const SharedBytes& frame) override {
    queued_ += frame.size();
    return transport::SendResult::queued;
  }
  transport::SharedForm shared_form() const override { return transport::SharedForm::plain; }
  SharedBytes deflate(DataType, std::span<const std::byte>) override { return {}; }
  void close(std::uint16_t, std::string_view) override {}
  void pause() override {}
  void resume() override {}
  void hold() override {}
  void release() override {}
  bool is_open() const override { return true; }
  std::size_t queued_bytes() const override { return queued_; }
  std::string remote_addr() const override { return ""; }
  net::Loop& loop() override { check_failed("a fake has no loop", __FILE__, __LINE__); }

 private:
  std::size_t queued_ = 0;
};

class FakeDialect final : public session::Dialect {
 public:
  void on_open(session::Session&, session::Arrival&) override {}
  bool on_message(session::Session&, DataType, std::span<const std::byte>) override { return true; }
  void on_close(session::Session&, const CloseInfo&) override {}
  error_code push(session::Session&, DataType, std::span<const std::byte>) override { return {}; }
  bool deliver(session::Session& session, hub::Delivery& delivery) override {
    return session::deliver_frame(session.connection(), delivery);
  }
  error_code set_context(session::Session&, const std::string&) override { return {}; }
  bool has_context(session::Session&, const std::string&) override { return false; }
};

class FakeSessions final : private session::SessionOwner {
 public:
  explicit FakeSessions(std::size_t count) : connections_(count) {
    session::SessionOwner& owner = *this;
    sessions_.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      sessions_.push_back(
          std::make_unique<session::Session>(ConnectionId{static_cast<std::int64_t>(i + 1)},
                                             connections_[i], dialect_, owner, std::size_t{1'000}));
  }

  std::size_t size() const { return sessions_.size(); }
  session::Session& operator[](std::size_t index) { return *sessions_[index]; }

 private:
  void on_session_end(session::Session&) override {}
  void on_session_over(session::Session&) override {}

  FakeDialect dialect_;
  std::vector<FakeConnection> connections_;
  std::vector<std::unique_ptr<session::Session>> sessions_;
};

}  // namespace weft
