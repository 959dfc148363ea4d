// For tests of this room: a connection that writes down what is sent to it, and a message.
#pragma once
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "weft/connection.hpp"
#include "weft/message.hpp"

namespace weft::framework {

class FakeConnection : public Connection {
 public:
  struct Sent {
    std::string bytes;
    DataType type;
  };

  explicit FakeConnection(ConnectionId id = ConnectionId{7}) : id_(id) {}

  ConnectionId id() const override { return id_; }
  bool is_open() const override { return open; }
  const Request& request() const override { return asked; }
  const std::map<std::string, std::string>& parameters() const override { return values; }
  json::object& attributes() override { return kept; }
  void store_attributes() override {}
  SendStatus send(std::string_view event, const json::value& data) override {
    return events.emplace_back(event, data), SendStatus::queued;
  }
  SendStatus reply(std::string_view event, const json::value& data) override {
    return send(event, data);
  }
  SendStatus send_raw(std::span<const std::byte> payload, DataType type) override {
    if (!open) return SendStatus::gone;
    sent.push_back({{reinterpret_cast<const char*>(payload.data()), payload.size()}, type});
    return SendStatus::queued;
  }
  using Connection::send_raw;
  Result<void> close(CloseCode, std::string_view) override {
    open = false;
    return {};
  }
  Task<std::shared_ptr<const Message>> next_message(std::chrono::milliseconds) override {
    co_return nullptr;
  }
  void pause() override { ++pauses; }
  void resume() override { ++resumes; }
  Result<void> subscribe(std::string_view channel) override {
    channels.emplace_back(channel);
    return {};
  }
  Result<void> unsubscribe(std::string_view) override { return {}; }
  std::string_view user() const override { return bound; }
  Result<void> bind_user(std::string_view user) override {
    bound = user;
    return {};
  }
  void unbind_user() override { bound.clear(); }
  Server& server() override { std::abort(); }

  /// The text of the newest message; "" when nothing was sent.
  std::string last() const { return sent.empty() ? "" : sent.back().bytes; }

  bool open = true;
  int pauses = 0, resumes = 0;
  Request asked;
  std::map<std::string, std::string> values;
  json::object kept;
  std::string bound;
  std::vector<Sent> sent;
  std::vector<std::pair<std::string, json::value>> events;
  std::vector<std::string> channels;

 private:
  ConnectionId id_;
};

class FakeMessage : public Message {
 public:
  explicit FakeMessage(std::string event, json::value data = nullptr)
      : event_(std::move(event)), data_(std::move(data)) {}

  ConnectionId sender() const override { return ConnectionId{7}; }
  DataType type() const override { return DataType::text; }
  std::span<const std::byte> bytes() const override { return {}; }
  const json::value& value() const override { return data_; }
  std::string_view event() const override { return event_; }
  const std::vector<Header>& headers() const override { return headers_; }
  const json::value& data() const override { return data_; }
  const json::value* id() const override { return nullptr; }

 private:
  std::string event_;
  json::value data_;
  std::vector<Header> headers_;
};

}  // namespace weft::framework
