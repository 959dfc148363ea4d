#include "lanes.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

constexpr auto kLeft = weft::ConnectionId{1}, kRight = weft::ConnectionId{2};

class LanesTest : public testing::Test {
 protected:
  void run_posted() {
    while (!posted_.empty()) {
      auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }
  /// Work that notes `name` and keeps its turn.
  Lanes::Work keep(char name) {
    return [this, name](Turn turn) {
      log_ += name;
      turns_[name] = std::move(turn);
    };
  }
  void finish(char name) {
    turns_.erase(name);
    run_posted();
  }

  std::deque<std::function<void()>> posted_;
  std::unordered_map<char, Turn> turns_;
  std::string log_;
  Lanes lanes_{[this](std::function<void()> work) { posted_.push_back(std::move(work)); }};
};

TEST_F(LanesTest, RunsOneLaneInOrderAndOthersBeside) {
  lanes_.add(kLeft, keep('a'));
  lanes_.add(kLeft, keep('b'));
  lanes_.add(kRight, keep('c'));
  EXPECT_EQ(log_, "ac");
  finish('a');
  EXPECT_EQ(log_, "acb");
  finish('c'), finish('b');
  lanes_.add(kLeft, keep('d'));
  EXPECT_EQ(log_, "acbd");
  finish('d');
}

TEST_F(LanesTest, GoesOnAfterAPieceThatThrew) {
  EXPECT_THROW(lanes_.add(kLeft, [](const Turn&) { throw std::runtime_error("oh no"); }),
               std::runtime_error);
  run_posted();
  lanes_.add(kLeft, keep('a'));
  EXPECT_EQ(log_, "a");
  finish('a');
}

}  // namespace
}  // namespace chat
