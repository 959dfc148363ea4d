#include "framework/onion.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "framework/middleware_test.hpp"
#include "weft/middleware.hpp"

namespace weft::framework {
namespace {

using HandshakeOnion = Onion<Handshake, Refusal>;

class OnionTest : public testing::Test {
 protected:
  HandshakeMiddleware named(std::string name, HandshakeResult before = {},
                            HandshakeResult after = {}) {
    return around([this, name, before](Handshake&) { return said_.push_back(name), before; },
                  [this, name, after](Handshake&) { return said_.push_back('/' + name), after; });
  }
  /// Status of the refusal; 0 = welcome, -1 = it threw.
  int run(const std::vector<HandshakeMiddleware>& layers) {
    HandshakeOnion onion;
    onion.add(layers);
    return status_of(onion, handshake_);
  }

  Request request_;
  Handshake handshake_{request_, {}, {}, {}, {}, {}};
  std::vector<std::string> said_;
};

using Said = std::vector<std::string>;

TEST_F(OnionTest, RunsInTheirOrderAndBack) {
  EXPECT_EQ(run({named("a"), named("b"), named("hook")}), 0);
  EXPECT_EQ(said_, (Said{"a", "b", "hook", "/hook", "/b", "/a"}));
}

// Row 16: what one sets, all that follow and the hook see, and it is there in the end.
TEST_F(OnionTest, Row16_OneHandshakeGoesThroughTheWholeChain) {
  const auto set = around(
      [](Handshake& h) {
        h.attributes["a"] = 1;
        return HandshakeResult();
      },
      [](Handshake& h) {
        h.headers.push_back({"X", "after"});
        return HandshakeResult();
      });
  std::int64_t seen = 0;
  const auto hook = around([&](Handshake& h) {
    seen = h.attributes.at("a").as_int64();
    h.user = "ann";
    return HandshakeResult();
  });
  EXPECT_EQ(run({set, hook}), 0);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(handshake_.user, "ann");
  ASSERT_EQ(handshake_.headers.size(), 1u);
}

TEST_F(OnionTest, Row16_ARefusalOfTheWayOutCounts) {
  EXPECT_EQ(run({named("a"), named("b", {}, Refusal{409})}), 409);
  EXPECT_EQ(said_, (Said{"a", "b", "/b", "/a"}));
}

// Row 17: those that were entered run their way out, those that were not run nothing.
TEST_F(OnionTest, Row17_ARefusalUnwindsWhatWasEntered) {
  EXPECT_EQ(run({named("a"), named("b"), named("c", Refusal{401}), named("d")}), 401);
  EXPECT_EQ(said_, (Said{"a", "b", "c", "/b", "/a"}));
}

TEST_F(OnionTest, Row17_AnExceptionUnwindsWhatWasEntered) {
  const auto throws = around([](Handshake&) -> HandshakeResult { throw std::runtime_error("x"); });
  EXPECT_EQ(run({named("a"), named("b"), throws}), -1);
  EXPECT_EQ(said_, (Said{"a", "b", "/b", "/a"}));
}

TEST_F(OnionTest, ARefusalMayBecomeAnotherButNotAWelcome) {
  const HandshakeMiddleware other = [](Handshake&, HandshakeNext next) -> Task<HandshakeResult> {
    const HandshakeResult inside = co_await next();
    EXPECT_TRUE(inside);
    co_return Refusal{404, "", {}};
  };
  const HandshakeMiddleware forgets = [](Handshake&, HandshakeNext next) -> Task<HandshakeResult> {
    co_await next();
    co_return HandshakeResult();
  };
  EXPECT_EQ(run({other, named("a", Refusal{401})}), 404);
  EXPECT_EQ(run({forgets, named("a", Refusal{401})}), 401);
  EXPECT_EQ(run({forgets, named("a")}), 0);
}

TEST_F(OnionTest, WhoSwallowsAnExceptionLetsNobodyIn) {
  const HandshakeMiddleware swallows = [](Handshake&, HandshakeNext next) -> Task<HandshakeResult> {
    try {
      co_await next();
    } catch (...) {
    }
    co_return HandshakeResult();
  };
  const auto throws = around([](Handshake&) -> HandshakeResult { throw std::runtime_error("x"); });
  EXPECT_EQ(run({swallows, throws}), -1);
}

TEST_F(OnionTest, NextIsCalledOnceOrTheDoorStaysClosed) {
  const HandshakeMiddleware never = [](Handshake&, HandshakeNext) -> Task<HandshakeResult> {
    co_return HandshakeResult();
  };
  const HandshakeMiddleware twice = [](Handshake&, HandshakeNext next) -> Task<HandshakeResult> {
    co_await next();
    co_return co_await next();
  };
  EXPECT_EQ(run({never, named("a")}), -1);
  EXPECT_EQ(run({never}), -1);
  EXPECT_TRUE(said_.empty());
  EXPECT_EQ(run({twice, named("a")}), -1);
  EXPECT_EQ(said_, (Said{"a", "/a"}));
}

}  // namespace
}  // namespace weft::framework
