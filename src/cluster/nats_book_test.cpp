#include "cluster/nats_book.hpp"

#include <gtest/gtest.h>

namespace weft::cluster {
namespace {

using namespace std::chrono_literals;
using State = NodeRecord::State;

constexpr NodeId kAnn{0x1111}, kBob{0x2222};
constexpr std::int64_t kSecond = 1'000'000'000;

NodeRecord live(unsigned slot, std::chrono::milliseconds lease = 10s) {
  NodeRecord record;
  record.state = State::live;
  record.slot = slot;
  record.span = lease;
  record.info = "{\"a\":\n1}";
  return record;
}

TEST(NatsBookTest, ARecordIsReadAsItWasWritten) {
  NodeRecord record = live(4095);
  record.state = State::claimed;
  record.claimer = kBob;
  record.silent = 77ms;
  const NodeRecord read = parse_record(text_of(record)).value();
  EXPECT_EQ(read.state, State::claimed);
  EXPECT_EQ(read.slot, 4095u);
  EXPECT_EQ(read.span, 10s);
  EXPECT_EQ(read.claimer, kBob);
  EXPECT_EQ(read.silent, 77ms);
  EXPECT_EQ(read.info, record.info);
}

TEST(NatsBookTest, StrangeRecordsAreRefused) {
  for (const char* const text :
       {"", "live", "live 1 1000 - 0", "lives 1 1000 - 0\n", "live 4096 1000 - 0\n",
        "live 1 -1 - 0\n", "live 1 99999999999999 - 0\n", "live 1 1000 x 0\n",
        "live 1 1000 - 0 more\n", "live 1 1000 -\n"}) {
    EXPECT_FALSE(parse_record(text)) << text;
  }
  NatsBook book;
  book.apply("live.node.x", 1, 1, text_of(live(0)));
  book.apply("live.slot.5000", 2, 1, to_string(kAnn));
  book.apply(key_of(kAnn), 3, 1, "garbage");
  EXPECT_TRUE(book.entries().empty());
}

TEST(NatsBookTest, OlderMessagesArePassedOver) {
  NatsBook book;
  book.apply(key_of(kAnn), 7, kSecond, text_of(live(1)));
  book.apply(key_of(kAnn), 6, kSecond, text_of(live(2)));
  EXPECT_EQ(book.find(kAnn)->slot, 1u);
  EXPECT_EQ(book.sequence_of(kAnn), 7u);
}

TEST(NatsBookTest, ALeaseEndsByTheTimeOfTheNewestMessage) {
  NatsBook book;
  book.apply(key_of(kAnn), 1, kSecond, text_of(live(0)));
  book.apply("live.clock", 2, 10 * kSecond, "");
  EXPECT_TRUE(book.entries()[0].alive);
  EXPECT_EQ(book.entries()[0].since_beat, 9s);
  book.apply("live.clock", 3, 11 * kSecond, "");
  EXPECT_FALSE(book.entries()[0].alive);
}

TEST(NatsBookTest, ASlotThatWasTakenAMomentAgoBelongsToTheOneWhoIsJoining) {
  NatsBook book;
  book.apply(key_of_slot(0), 1, kSecond, to_string(kAnn));
  EXPECT_EQ(book.choose({}, kBob).value(), 1u);
  EXPECT_EQ(book.choose(0, kBob).error(), StoreErrc::slot_taken);
  EXPECT_EQ(book.choose({}, kAnn).value(), 0u);
  book.apply("live.clock", 2, 11 * kSecond, "");  // it never came
  EXPECT_EQ(book.choose({}, kBob).value(), 0u);
}

TEST(NatsBookTest, ForgetsWhoIsGoneForLong) {
  NatsBook book;
  book.apply(key_of(kAnn), 1, kSecond, text_of({}));
  EXPECT_FALSE(book.forgotten(10s));
  book.apply("live.clock", 2, 11 * kSecond, "");
  EXPECT_EQ(book.forgotten(10s), kAnn);
  book.forget(key_of(kAnn));
  EXPECT_FALSE(book.forgotten(10s));
}

}  // namespace
}  // namespace weft::cluster
