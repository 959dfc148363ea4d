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

std::span<const std::byte> bytes_of(std::string_view text) { return as_bytes(text); }

std::size_t entries(const Outbox& outbox) {
  std::vector<iovec> parts(64);
  return outbox.gather(parts);
}

TEST(OutboxTest, FramesOfOneStreamLeaveAsOnePart) {
  Outbox outbox;
  std::string all;
  for (int i = 0; i < 50; ++i) {
    const std::string body = "frame " + std::to_string(i) + ' ';
    outbox.append(bytes_of("<"), bytes_of(body));
    all += '<' + body;
  }
  EXPECT_EQ(front(outbox), all);
  EXPECT_EQ(outbox.bytes(), all.size());
  EXPECT_EQ(entries(outbox), 1u);
}

TEST(OutboxTest, NothingIsAddedToWhatIsPartlySent) {
  Outbox outbox;
  outbox.append(bytes_of("first"), {});
  outbox.consume(2);
  outbox.append(bytes_of("second"), {});
  EXPECT_EQ(front(outbox), "rstsecond");
  EXPECT_EQ(entries(outbox), 2u);
}

TEST(OutboxTest, LargeFramesAndWhatFollowsThemStandAlone) {
  Outbox outbox;
  const std::string large(Outbox::kJoinBelow + 1, 'x');
  outbox.append(bytes_of("small"), {});
  outbox.append(bytes_of(large), {});
  outbox.append(bytes_of("small"), {});
  EXPECT_EQ(entries(outbox), 3u);
  EXPECT_EQ(front(outbox), "small" + large + "small");
}

TEST(OutboxTest, SharedFramesThatMeetTwiceAreJoinedOnce) {
  Joined joined;
  const SharedBytes one = SharedBytes::copy_of("one"), two = SharedBytes::copy_of("two"),
                    three = SharedBytes::copy_of("three");
  Outbox first, second;
  for (const SharedBytes& frame : {one, two, three}) {
    first.push_shared(frame, false, joined);
    second.push_shared(frame, false, joined);
  }
  iovec part_of_first{}, part_of_second{};
  EXPECT_EQ(first.gather({&part_of_first, 1}), 1u);
  EXPECT_EQ(second.gather({&part_of_second, 1}), 1u);
  EXPECT_EQ(part_of_first.iov_base, part_of_second.iov_base);
  EXPECT_EQ(front(first), "onetwothree");
  EXPECT_EQ(front(second), "onetwothree");
  EXPECT_EQ(one.text(), "one");
}

TEST(OutboxTest, ASharedFrameIsNeverWrittenInto) {
  Joined joined;
  const SharedBytes shared = SharedBytes::copy_of("shared");
  Outbox outbox;
  outbox.push_shared(shared, false, joined);
  outbox.append(bytes_of(" own"), {});
  EXPECT_EQ(front(outbox), "shared own");
  EXPECT_EQ(shared.text(), "shared");
}

TEST(OutboxTest, APeerThatIsAlwaysBehindGetsEverythingInOrder) {
  Outbox outbox;
  std::string expected, seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string frame = std::to_string(i) + ' ';
    outbox.push(SharedBytes::copy_of(frame), i % 3 == 0);
    expected += frame;
    if (i < 10) continue;
    iovec part{};
    outbox.gather({&part, 1});
    seen.append(static_cast<const char*>(part.iov_base), part.iov_len);
    outbox.consume(part.iov_len);
  }
  EXPECT_EQ(seen + front(outbox, 64), expected);
}

TEST(OutboxTest, WhatNeverBeganToLeaveCanBeDropped) {
  Outbox outbox = with({"one", "two", "three"});
  outbox.consume(1);
  outbox.drop_unsent();
  EXPECT_EQ(front(outbox), "ne");
  EXPECT_EQ(outbox.bytes(), 2u);
  outbox.consume(2);
  outbox.push(SharedBytes::copy_of("four"));
  outbox.drop_unsent();
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0u);
}

TEST(OutboxTest, GathersNoMoreThanAsked) { EXPECT_EQ(front(with({"a", "b", "c"}), 2), "ab"); }

}  // namespace
}  // namespace weft::net
