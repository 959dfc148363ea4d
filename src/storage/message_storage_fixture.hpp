// The words in which the contract of MessageStorage is written.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/test_loop.hpp"
#include "weft/storage.hpp"

namespace weft::storage {

struct MessageEngine {
  static constexpr unsigned kSlot = 7;
  std::string name;
  /// `loop` is driven by the test. null = it cannot be tested here: skipped.
  std::function<std::shared_ptr<MessageStorage>(net::Loop& loop, std::size_t max_items)> make;
};
inline void PrintTo(const MessageEngine& engine, std::ostream* out) { *out << engine.name; }

class MessageStorageContract : public testing::TestWithParam<MessageEngine> {
 protected:
  using Messages = std::vector<QueuedMessage>;
  using Millis = std::chrono::milliseconds;
  static constexpr std::size_t kRoom = 3000;
  static constexpr Millis kLong = std::chrono::minutes(1), kNever{0}, kSoon{50};
  static constexpr Millis kWait = std::chrono::seconds(15);  // for what has to come
  static constexpr ConnectionId kAnn{5 << 22 | MessageEngine::kSlot << 10 | 1},
      kBob{5 << 22 | MessageEngine::kSlot << 10 | 2};

  void SetUp() override {
    storage_ = GetParam().make(test_.loop(), kRoom);
    if (!storage_) GTEST_SKIP() << GetParam().name << " is not there";
  }

  template <class T>
  T run(Task<T> task) {
    return test_.run(std::move(task));
  }
  static QueuedMessage message(ConnectionId to, std::string event) {
    QueuedMessage made;
    made.to = to;
    made.event = std::move(event);
    return made;
  }
  std::string save(ConnectionId to, std::string event) {
    return run(storage_->save(message(to, std::move(event)))).value();
  }
  Messages take(std::size_t max, Millis visibility = kLong, Millis wait = kWait) {
    return run(storage_->take(max, visibility, wait)).value();
  }
  Messages take_at_once() { return take(100, kLong, kNever); }
  void ack(const Messages& messages) {
    std::vector<std::string> ids;
    for (const QueuedMessage& one : messages) ids.push_back(one.id);
    EXPECT_TRUE(run(storage_->ack(ids)));
  }
  std::size_t size() { return run(storage_->size()).value(); }
  static std::vector<std::string> events(const Messages& messages) {
    std::vector<std::string> all;
    for (const QueuedMessage& one : messages) all.push_back(one.event);
    return all;
  }
  using Listing = std::function<Task<Result<Page<QueuedMessage>>>(Cursor from)>;
  std::vector<std::string> all_of(const Listing& listing) {
    std::vector<std::string> all;
    Cursor from;
    do {
      const auto page = run(listing(from)).value();
      for (const QueuedMessage& one : page.items) all.push_back(one.event);
      from = page.next;
    } while (!from.empty());
    return all;
  }
  std::vector<std::string> list(std::size_t limit = 100) {
    return all_of([&](Cursor from) { return storage_->list(from, limit); });
  }
  Messages dead_letters() { return run(storage_->dead_letters("", 100)).value().items; }

  net::TestLoop test_;
  std::shared_ptr<MessageStorage> storage_;
};

}  // namespace weft::storage
