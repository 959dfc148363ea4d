#include "net/outbox.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weft::net {
namespace {

std::string front(const Outbox& outbox, std::size_t entries = 8) {
  std::vector<iovec> parts(entries);
  parts.resize(outbox.gather(parts));
  std::string text;
  for (const iovec& part : parts)
    text.append(static_cast<const char*>(part.iov_base), part.iov_len);
  return text;
}

Outbox with(std::initializer_list<const char*> frames) {
  Outbox outbox;
  for (const char* frame : frames) outbox.push(SharedBytes::copy_of(std::string_view(frame)), true);
  return outbox;
}

TEST(OutboxTest, GivesFramesInTheOrderOfTheirPush) {
  EXPECT_EQ(front(with({"one", "two", "three"})), "onetwothree");
}

TEST(OutboxTest, GoesOnInsideAFrameThatWasPartlySent) {
  Outbox outbox = with({"one", "two"});
  outbox.consume(4);
  EXPECT_EQ(front(outbox), "wo");
  EXPECT_EQ(outbox.bytes(), 2u);
  outbox.consume(2);
  EXPECT_TRUE(outbox.empty());
}

TEST(OutboxTest, DropsTheOldestWholeFramesOnly) {
  Outbox outbox = with({"one", "two", "three"});
  outbox.consume(1);
  EXPECT_EQ(outbox.drop_oldest(7), 1u);
  EXPECT_EQ(front(outbox), "nethree");
}

TEST(OutboxTest, KeepsWhatMayNotBeDropped) {
  Outbox outbox;
  outbox.push(SharedBytes::copy_of("head"), false);
  outbox.push(SharedBytes::copy_of("old"), true);
  outbox.push(SharedBytes::copy_of("new"), true);
  EXPECT_EQ(outbox.drop_oldest(7), 1u);
  EXPECT_EQ(front(outbox), "headnew");
}

TEST(OutboxTest, DroppingTheFirstFrameMovesTheNextUp) {
  Outbox outbox = with({"one", "two"});
  EXPECT_EQ(outbox.drop_oldest(3), 1u);
  EXPECT_EQ(front(outbox), "two");
  EXPECT_EQ(outbox.drop_oldest(0), 1u);
  EXPECT_TRUE(outbox.empty());
}

TEST(OutboxTest, GathersNoMoreThanAsked) { EXPECT_EQ(front(with({"a", "b", "c"}), 2), "ab"); }

}  // namespace
}  // namespace weft::net
