// A message queue and a storage of messages that say what the test wants and remember what was
// asked of them.
#pragma once
#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "api/message_door.hpp"

namespace weft::api {

class FakeMessageQueue final : public MessageQueue {
 public:
  Task<Result<QueueReceipt>> add(ConnectionId to, std::string event, json::value data,
                                 QueueOptions options) override {
    return take(to_string(to), std::move(event), std::move(data), options);
  }
  Task<Result<QueueReceipt>> add_user(std::string user, std::string event, json::value data,
                                      QueueOptions options) override {
    return take(std::move(user), std::move(event), std::move(data), options);
  }

  QueueReceipt::Status status = QueueReceipt::Status::queued;
  std::string lost;  ///< nobody has this id or name
  error_code error;
  std::vector<std::string> added;

 private:
  Task<Result<QueueReceipt>> take(std::string to, std::string event, json::value data,
                                  QueueOptions options) {
    added.push_back(to + " " + event + " " + json::serialize(data) + " " +
                    std::to_string(options.ttl.count()));
    if (error) co_return error;
    QueueReceipt receipt;
    receipt.status = to == lost ? QueueReceipt::Status::no_such_connection : status;
    if (receipt) receipt.id = "m" + std::to_string(added.size());
    co_return receipt;
  }
};

class FakeMessageStorage final : public MessageStorage {
 public:
  using Messages = Page<QueuedMessage>;
  using Millis = std::chrono::milliseconds;

  Task<Result<std::string>> save(QueuedMessage) override { co_return "never"; }
  Task<Result<std::vector<QueuedMessage>>> take(std::size_t, Millis, Millis) override {
    co_return std::vector<QueuedMessage>{};
  }
  Task<Result<void>> ack(std::vector<std::string> ids) override {
    std::string all = "ack";
    for (const std::string& id : ids) all += " " + id;
    co_return asked(all);
  }
  Task<Result<void>> retry(std::string id, Millis delay) override {
    co_return asked("retry " + id + " " + std::to_string(delay.count()));
  }
  Task<Result<void>> dead(std::string, std::string) override { co_return Result<void>{}; }
  Task<Result<Messages>> list(Cursor from, std::size_t limit) override {
    return page("list " + from + " " + std::to_string(limit));
  }
  Task<Result<Messages>> of_connection(ConnectionId id, Cursor from, std::size_t limit) override {
    return page("of " + to_string(id) + " " + from + " " + std::to_string(limit));
  }
  Task<Result<Messages>> dead_letters(Cursor from, std::size_t limit) override {
    return page("dead " + from + " " + std::to_string(limit));
  }
  Task<Result<std::size_t>> size() override { co_return held.items.size(); }
  void wake() override {}

  Messages held;  ///< what every list gives
  error_code error;
  std::vector<std::string> calls;

 private:
  Result<void> asked(std::string what) {
    calls.push_back(std::move(what));
    if (error) return error;
    return {};
  }
  Task<Result<Messages>> page(std::string what) {
    calls.push_back(std::move(what));
    if (error) co_return error;
    co_return held;
  }
};

}  // namespace weft::api
