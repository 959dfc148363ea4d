// The message queue from add() to the outbox, over the storage in memory and recipients that the
// test commands.
#include "framework/message_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <limits>

#include "framework/fake_recipients.hpp"
#include "framework/message_drain.hpp"
#include "storage/memory_messages.hpp"

namespace weft::framework {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// The storage in memory behind a wire that can be cut.
class CutStorage final : public MessageStorage {
 public:
  using Messages = Page<QueuedMessage>;
  explicit CutStorage(storage::MessageLimits limits) : inner_(limits) {}

  Task<Result<std::string>> save(QueuedMessage message) override {
    if (cut) co_return StorageErrc::unavailable;
    co_return co_await inner_.save(std::move(message));
  }
  Task<Result<std::vector<QueuedMessage>>> take(std::size_t max, Millis visibility,
                                                Millis wait) override {
    ++takes;
    if (throws) throw std::runtime_error("as asked");
    if (cut) co_return StorageErrc::unavailable;
    co_return co_await inner_.take(max, visibility, wait);
  }
  Task<Result<void>> ack(std::vector<std::string> ids) override {
    ++acks;
    if (cut || cut_acks) co_return StorageErrc::timed_out;
    co_return co_await inner_.ack(std::move(ids));
  }
  Task<Result<void>> retry(std::string id, Millis delay) override {
    co_return co_await inner_.retry(std::move(id), delay);
  }
  Task<Result<void>> dead(std::string id, std::string why) override {
    if (cut) co_return StorageErrc::unavailable;
    co_return co_await inner_.dead(std::move(id), std::move(why));
  }
  Task<Result<Messages>> list(Cursor from, std::size_t limit) override {
    return inner_.list(std::move(from), limit);
  }
  Task<Result<Messages>> of_connection(ConnectionId id, Cursor from, std::size_t limit) override {
    return inner_.of_connection(id, std::move(from), limit);
  }
  Task<Result<Messages>> dead_letters(Cursor from, std::size_t limit) override {
    return inner_.dead_letters(std::move(from), limit);
  }
  Task<Result<std::size_t>> size() override { return inner_.size(); }
  void wake() override { inner_.wake(); }

  bool cut = false, cut_acks = false, throws = false;
  std::size_t takes = 0, acks = 0;

 private:
  storage::MemoryMessageStorage inner_;
};

class MessageQueueTest : public testing::Test {
 protected:
  static constexpr ConnectionId kAnn{1}, kBob{2};

  MessageQueueTest() { recipients_.present = {"1", "2"}; }
  ~MessageQueueTest() override { stop(); }

  void start(DrainSettings settings = {}) {
    drain_ =
        std::make_shared<MessageDrain>(loop_, storage_in_use_, recipients_, metrics_, settings);
    drain_->start();
  }
  void stop() {
    if (!drain_) return;
    bool stopped = false;
    drain_->stop([&] { stopped = true; });
    until([&] { return stopped; });
    drain_.reset();
  }
  /// Lets the loop run until `is_true`; a minute at most.
  template <class Condition>
  void until(Condition is_true) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    loop_.context().restart();
    while (!is_true()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it did not come true";
      loop_.context().run_one_for(std::chrono::milliseconds(20));
    }
  }
  template <class T>
  T ask(Task<T> work) {
    std::optional<T> result;
    boost::asio::co_spawn(loop_.context(), std::move(work), [&](std::exception_ptr thrown, T got) {
      EXPECT_FALSE(thrown);
      result.emplace(std::move(got));
    });
    until([&] { return result.has_value(); });
    return std::move(*result);
  }
  QueueReceipt::Status add(ConnectionId to, std::string event, QueueOptions options = {}) {
    const auto receipt = ask(queue_.add(to, std::move(event), nullptr, options));
    EXPECT_TRUE(receipt);
    return receipt->status;
  }
  std::vector<QueuedMessage> dead() { return ask(storage_.dead_letters("", 100))->items; }
  std::size_t waiting() { return *ask(storage_.size()); }
  std::int64_t metric(const char* name, const char* labels = "") {
    return metrics_.total(name, labels);
  }

  metrics::Registry metrics_;
  net::LoopPool loops_{1, metrics_};
  net::Loop& loop_ = loops_.at(0);
  std::shared_ptr<CutStorage> storage_in_use_ =
      std::make_shared<CutStorage>(storage::MessageLimits{.max_items = 100'000, .max_dead = 100});
  CutStorage& storage_ = *storage_in_use_;
  FakeRecipients recipients_;
  std::vector<std::string> added_;
  StoredQueue queue_{
      loops_,
      storage_,
      recipients_,
      metrics_,
      std::chrono::milliseconds(0),
      [this](const QueuedMessage& message) { added_.push_back(message.id + " " + message.event); }};
  std::shared_ptr<MessageDrain> drain_;
};

// --- adding ---

TEST_F(MessageQueueTest, TheCallerLearnsWhetherItWasQueued) {
  EXPECT_EQ(add(kAnn, "A"), QueueReceipt::Status::queued);
  EXPECT_EQ(add(ConnectionId{9}, "A"), QueueReceipt::Status::no_such_connection);
  recipients_.present.insert("ann");
  EXPECT_TRUE(*ask(queue_.add_user("ann", "B", nullptr, {})));
  EXPECT_FALSE(*ask(queue_.add_user("eve", "B", nullptr, {})));
  EXPECT_THAT(added_, ElementsAre("1 A", "2 B"));
  EXPECT_EQ(metric("weft_message_queue_adds_total", R"(result="no_such_connection")"), 2);
}

TEST_F(MessageQueueTest, AFullQueueAndAStorageThatIsAwayAreTwoThings) {
  storage_.cut = true;
  EXPECT_EQ(ask(queue_.add(kAnn, "A", nullptr, {})).error(), StorageErrc::unavailable);
  CutStorage small({.max_items = 1, .max_dead = 1});
  StoredQueue queue(loops_, small, recipients_, metrics_, {}, {});
  EXPECT_TRUE(*ask(queue.add(kAnn, "A", nullptr, {})));
  EXPECT_EQ(ask(queue.add(kAnn, "A", nullptr, {}))->status, QueueReceipt::Status::full);
}

// --- delivering ---

TEST_F(MessageQueueTest, TenThousandMessagesToOneConnectionArriveInOrder) {
  std::vector<std::string> sent;
  for (int i = 0; i < 10'000; ++i) {
    sent.push_back(std::to_string(i));
    QueuedMessage message;
    message.to = kAnn;
    message.event = sent.back();
    ASSERT_TRUE(ask(storage_.save(message)));
  }
  start();
  until([&] { return recipients_.got["1"].size() == sent.size(); });
  EXPECT_EQ(recipients_.got["1"], sent);
  stop();
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(metric("weft_message_queue_delivered_total"), 10'000);
}

TEST_F(MessageQueueTest, AnIdleQueueSleepsUntilAMessageComes) {
  start({.wait = std::chrono::minutes(10)});
  until([&] { return storage_.takes == 1; });
  add(kAnn, "A");
  until([&] { return recipients_.got["1"].size() == 1; });
  until([&] { return storage_.takes == 2; });
  EXPECT_EQ(recipients_.rounds, 1u);
}

TEST_F(MessageQueueTest, AFullOutboxKeepsItsOrderAndHoldsUpNobodyElse) {
  recipients_.room["1"] = 2;
  for (const char* event : {"A", "B", "C", "D"}) add(kAnn, event);
  add(kBob, "X");
  start();
  until([&] { return recipients_.got["2"].size() == 1 && recipients_.rounds > 3; });
  add(kAnn, "E");
  add(kBob, "Y");
  until([&] { return recipients_.got["2"].size() == 2; });
  EXPECT_THAT(recipients_.got["1"], ElementsAre("A", "B"));
  recipients_.room.clear();
  until([&] { return recipients_.got["1"].size() == 5; });
  EXPECT_THAT(recipients_.got["1"], ElementsAre("A", "B", "C", "D", "E"));
  EXPECT_EQ(metric("weft_message_queue_retried_total"), 2);
  EXPECT_THAT(dead(), IsEmpty());
}

TEST_F(MessageQueueTest, WhatIsHeldGoesBackWhenTheServerStops) {
  recipients_.room["1"] = 1;
  for (const char* event : {"A", "B", "C"}) add(kAnn, event);
  start();
  until([&] { return metric("weft_message_queue_held") == 2; });
  stop();
  EXPECT_EQ(waiting(), 2u);
  recipients_.room.clear();
  start();
  until([&] { return recipients_.got["1"].size() == 3; });
  EXPECT_THAT(recipients_.got["1"], ElementsAre("A", "B", "C"));
}

// --- dead letters ---

TEST_F(MessageQueueTest, AMessageWhoseConnectionWentIsADeadLetter) {
  add(kAnn, "A");
  recipients_.present.clear();
  start();
  until([&] { return metric("weft_message_queue_dead_total") == 1; });
  stop();
  ASSERT_THAT(dead(), SizeIs(1));
  EXPECT_EQ(dead()[0].why, "the connection is gone");
}

TEST_F(MessageQueueTest, AConnectionThatNeverReadsGetsItsDeadLettersAfterMaxAttempts) {
  recipients_.room["1"] = 0;
  add(kAnn, "A");
  start({.visibility = Millis(20), .max_attempts = 1});
  until([&] { return metric("weft_message_queue_dead_total", R"(reason="max_attempts")") == 1; });
  stop();
  ASSERT_THAT(dead(), SizeIs(1));
  EXPECT_THAT(dead()[0].why, HasSubstr("the outbox stayed full, attempt 1"));
}

TEST_F(MessageQueueTest, AMessageThatIsHeldExpires) {
  recipients_.room["1"] = 0;
  add(kAnn, "A", {.ttl = Millis(20)});
  add(kAnn, "B");
  start();
  until([&] { return metric("weft_message_queue_dead_total", R"(reason="expired")") == 1; });
  recipients_.room.clear();
  until([&] { return recipients_.got["1"].size() == 1; });
  EXPECT_THAT(recipients_.got["1"], ElementsAre("B"));
}

TEST_F(MessageQueueTest, DataThatIsNoJsonIsADeadLetter) {
  QueuedMessage message;
  message.to = kAnn;
  message.event = "A";
  message.data = "?";
  ASSERT_TRUE(ask(storage_.save(message)));
  start();
  until([&] { return metric("weft_message_queue_dead_total", R"(reason="unreadable")") == 1; });
}

TEST_F(MessageQueueTest, ANumberThatJsonHasNoWordForArrivesAsNull) {
  const json::value endless = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(*ask(queue_.add(kAnn, "A", endless, {})));
  start();
  until([&] { return recipients_.got["1"].size() == 1; });
  EXPECT_EQ(metric("weft_message_queue_dead_total", R"(reason="unreadable")"), 0);
}

// --- a storage that fails ---

TEST_F(MessageQueueTest, GoesOnByItselfWhenTheStorageIsBack) {
  storage_.cut = true;
  start();
  until([&] { return storage_.takes > 2; });
  storage_.cut = false;
  add(kAnn, "A");
  until([&] { return recipients_.got["1"].size() == 1; });
}

TEST_F(MessageQueueTest, AnOutageBetweenSendAndAckMakesNoDuplicate) {
  storage_.cut_acks = true;
  add(kAnn, "A");
  start({.visibility = Millis(10)});
  until([&] { return recipients_.got["1"].size() == 1; });
  until([&] { return storage_.acks == 3; });  // with back-off between them: the claim has ended
  storage_.cut_acks = false;
  add(kBob, "B");
  until([&] { return recipients_.got["2"].size() == 1; });
  EXPECT_THAT(recipients_.got["1"], ElementsAre("A"));
}

TEST_F(MessageQueueTest, AStorageThatThrowsIsAskedAgain) {
  storage_.throws = true;
  start();
  until([&] { return storage_.takes > 0; });
  storage_.throws = false;
  add(kAnn, "A");
  until([&] { return recipients_.got["1"].size() == 1; });
}

TEST_F(MessageQueueTest, StopsWhileTheStorageIsAway) {
  start();
  storage_.cut = true;
  until([&] { return storage_.takes > 0; });
  stop();
}

}  // namespace
}  // namespace weft::framework
