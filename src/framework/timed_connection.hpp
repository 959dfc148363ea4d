// TimedConnection: the connection as a listener with a deadline sees it. Once the time is over its
// reply() sends nothing: the client has been told already, and an answer that comes late would
// carry the id of the message that is handled by then. Everything else goes on.
#pragma once
#include <memory>

#include "framework/live_connection.hpp"

namespace weft::framework {

class TimedConnection final : public Connection {
 public:
  explicit TimedConnection(std::shared_ptr<LiveConnection> whole) : whole_(std::move(whole)) {}

  /// The time is over.
  void expire() { is_over_ = true; }

  SendStatus reply(std::string_view event, const json::value& data) override {
    return is_over_ ? SendStatus::dropped : whole_->reply(event, data);
  }

  ConnectionId id() const override { return whole_->id(); }
  bool is_open() const override { return whole_->is_open(); }
  const Request& request() const override { return whole_->request(); }
  const std::map<std::string, std::string>& parameters() const override {
    return whole_->parameters();
  }
  json::object& attributes() override { return whole_->attributes(); }
  void store_attributes() override { whole_->store_attributes(); }
  SendStatus send(std::string_view event, const json::value& data) override {
    return whole_->send(event, data);
  }
  using Connection::send_raw;
  SendStatus send_raw(std::span<const std::byte> payload, DataType type) override {
    return whole_->send_raw(payload, type);
  }
  Result<void> close(CloseCode code, std::string_view reason) override {
    return whole_->close(code, reason);
  }
  Task<std::shared_ptr<const Message>> next_message(std::chrono::milliseconds within) override {
    return whole_->next_message(within);
  }
  void pause() override { whole_->pause(); }
  void resume() override { whole_->resume(); }
  Result<void> subscribe(std::string_view channel) override { return whole_->subscribe(channel); }
  Result<void> unsubscribe(std::string_view channel) override {
    return whole_->unsubscribe(channel);
  }
  std::string_view user() const override { return whole_->user(); }
  Result<void> bind_user(std::string_view user) override { return whole_->bind_user(user); }
  void unbind_user() override { whole_->unbind_user(); }
  Server& server() override { return whole_->server(); }

 private:
  std::shared_ptr<LiveConnection> whole_;
  bool is_over_ = false;
};

}  // namespace weft::framework
