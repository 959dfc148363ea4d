#include "net/gate.hpp"

#include <gtest/gtest.h>

namespace weft::net {
namespace {

using boost::asio::ip::make_address;
using std::chrono::seconds;

const auto kOne = make_address("127.0.0.1"), kOther = make_address("127.0.0.2");
const SteadyTime kNow{seconds(100)};

TEST(GateTest, CountsPlacesInAllAndGivesThemBack) {
  metrics::Registry metrics;
  Gate gate({.max_connections = 1}, metrics);
  {
    const auto [place, refusal] = gate.admit(kOne, kNow);
    EXPECT_EQ(refusal, Refusal::none);
    EXPECT_EQ(gate.admit(kOther, kNow).second, Refusal::connections);
  }
  EXPECT_EQ(gate.admit(kOther, kNow).second, Refusal::none);
  EXPECT_EQ(metrics.total("weft_connections_refused_total"), 1);
}

TEST(GateTest, OneAddressDoesNotTakeTheOthersPlaces) {
  metrics::Registry metrics;
  Gate gate({.max_per_address = 1}, metrics);
  const auto first = gate.admit(kOne, kNow);
  EXPECT_EQ(gate.admit(kOne, kNow).second, Refusal::per_address);
  EXPECT_EQ(gate.admit(kOther, kNow).second, Refusal::none);
}

TEST(GateTest, APlaceThatIsHeldOutlivesTheSweepOfItsAddress) {
  metrics::Registry metrics;
  Gate gate({.max_per_address = 1}, metrics);
  {
    const auto held = gate.admit(kOne, kNow);
    EXPECT_EQ(gate.admit(kOther, kNow + seconds(10)).second, Refusal::none);
    EXPECT_EQ(gate.admit(kOne, kNow + seconds(20)).second, Refusal::per_address);
  }
  EXPECT_EQ(gate.connections(), 0u);
  EXPECT_EQ(gate.admit(kOne, kNow + seconds(30)).second, Refusal::none);
}

TEST(GateTest, APlaceCostsAConnectionOnePointer) { EXPECT_EQ(sizeof(Admission), sizeof(void*)); }

TEST(GateTest, ARateIsRefilledByTime) {
  metrics::Registry metrics;
  Gate gate({.max_rate_per_address = 2}, metrics);
  EXPECT_EQ(gate.admit(kOne, kNow).second, Refusal::none);
  EXPECT_EQ(gate.admit(kOne, kNow).second, Refusal::none);
  EXPECT_EQ(gate.admit(kOne, kNow).second, Refusal::rate);
  EXPECT_EQ(gate.admit(kOther, kNow).second, Refusal::none);
  EXPECT_EQ(gate.admit(kOne, kNow + seconds(1)).second, Refusal::none);
}

TEST(GateTest, AFullMemoryBudgetRefusesNewConnections) {
  metrics::Registry metrics;
  Gate gate({.max_memory = 1}, metrics);
  EXPECT_EQ(gate.admit(kOne, kNow).second, Refusal::memory);
}

}  // namespace
}  // namespace weft::net
