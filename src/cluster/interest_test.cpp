#include "cluster/interest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace weft::cluster {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(OwnInterestTest, TellsFirstAndLastOfNamesThatShareAHash) {
  OwnInterest own;
  own.add(1), own.add(1), own.add(2);
  const InterestDelta delta = own.take_delta();
  EXPECT_THAT(delta.added, UnorderedElementsAre(1, 2));
  EXPECT_EQ(delta.to, 1u);
  own.remove(1);
  EXPECT_FALSE(own.has_changes());
  own.remove(1);
  EXPECT_THAT(own.take_delta().removed, ElementsAre(1));
}

TEST(OwnInterestTest, WhatCameAndWentIsNotTold) {
  OwnInterest own;
  own.add(1), own.remove(1);
  EXPECT_FALSE(own.has_changes());
  own.add(2);
  own.take_delta();
  own.remove(2), own.add(2);
  EXPECT_FALSE(own.has_changes());
}

TEST(OwnInterestTest, ManyChangesGoInSeveralDeltas) {
  OwnInterest own;
  for (ChannelHash hash = 0; hash < OwnInterest::kMostAtOnce + 1; ++hash) own.add(hash);
  EXPECT_EQ(own.take_delta().added.size(), OwnInterest::kMostAtOnce);
  EXPECT_TRUE(own.has_changes());
  EXPECT_EQ(own.take_delta().added.size(), 1u);
}

TEST(PeerInterestTest, AppliesVersionsInOrderAndAsksForWhatIsMissing) {
  InterestFilter filter;
  PeerInterest peer(filter);
  EXPECT_FALSE(peer.apply({.from = 0, .to = 1, .added = {1}}));
  peer.begin_empty();
  EXPECT_TRUE(peer.apply({.from = 0, .to = 1, .added = {1, 2}}));
  EXPECT_TRUE(peer.apply({.from = 0, .to = 1, .added = {3}}));  // known already
  EXPECT_FALSE(peer.contains(3));
  EXPECT_FALSE(peer.apply({.from = 2, .to = 3, .added = {4}}));
  EXPECT_TRUE(peer.apply({.from = 1, .to = 2, .added = {}, .removed = {1}}));
  EXPECT_FALSE(peer.contains(1));
  EXPECT_FALSE(filter.may_contain(1));
  EXPECT_TRUE(filter.may_contain(2));
}

TEST(PeerInterestTest, TakesAllInPartsAndNoOlderOne) {
  InterestFilter filter;
  PeerInterest peer(filter);
  const ChannelHash first[] = {1, 2}, second[] = {3};
  EXPECT_FALSE(peer.take_part(7, 0, 2, first));
  EXPECT_FALSE(peer.take_part(6, 1, 2, second));  // of another version
  EXPECT_FALSE(peer.is_known());
  EXPECT_FALSE(peer.take_part(7, 0, 2, first));
  EXPECT_TRUE(peer.take_part(7, 1, 2, second));
  EXPECT_EQ(peer.size(), 3u);
  EXPECT_EQ(peer.version(), 7u);
  EXPECT_FALSE(peer.take_part(6, 0, 1, second));
  EXPECT_EQ(peer.size(), 3u);
  peer.clear();
  EXPECT_FALSE(filter.may_contain(1) || filter.may_contain(2) || filter.may_contain(3));
}

// Deltas are lost at random; who misses one takes all. In the end both know the same.
TEST(PeerInterestTest, FollowsWhateverIsLost) {
  std::mt19937 random(7);
  OwnInterest own;
  std::set<ChannelHash> wanted;
  InterestFilter filter;
  PeerInterest peer(filter);
  peer.begin_empty();
  for (int round = 0; round < 2000; ++round) {
    const ChannelHash hash = random() % 100;
    if (wanted.insert(hash).second)
      own.add(hash);
    else
      wanted.erase(hash), own.remove(hash);
    if (random() % 3 || !own.has_changes()) continue;
    const InterestDelta delta = own.take_delta();
    if (random() % 4 == 0 || peer.apply(delta)) continue;
    ASSERT_TRUE(peer.take_part(own.version(), 0, 1, own.all()));
  }
  while (own.has_changes()) own.take_delta();
  peer.take_part(own.version(), 0, 1, own.all());
  EXPECT_EQ(peer.size(), wanted.size());
  for (const ChannelHash hash : wanted) EXPECT_TRUE(peer.contains(hash));
}

}  // namespace
}  // namespace weft::cluster
