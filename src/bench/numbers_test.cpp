#include "bench/numbers.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weft::bench {
namespace {

using Numbers = std::vector<std::uint64_t>;

/// What one finder finds in `pieces`, one after the other.
Numbers found_in(const std::vector<std::string>& pieces) {
  NumberFinder finder;
  Numbers numbers;
  for (const std::string& piece : pieces) {
    finder.feed(piece, [&](std::uint64_t number) { numbers.push_back(number); });
  }
  return numbers;
}

TEST(NumbersTest, FindsTheNumberItWroteIntoAPayload) {
  const std::string payload = numbered_payload(0xabcdef0123, 64);
  EXPECT_EQ(payload.size(), 64u);
  EXPECT_EQ(number_of(payload), 0xabcdef0123u);
  EXPECT_EQ(number_of(numbered_payload(7, 1)), 7u);
}

TEST(NumbersTest, SeesWhenAPayloadHasNoNumber) {
  EXPECT_EQ(number_of("{\"error\":\"queue full\"}"), std::nullopt);
  EXPECT_EQ(number_of("~123"), std::nullopt);
  EXPECT_EQ(number_of("~00000000000000g"), std::nullopt);
}

TEST(NumbersTest, FindsNumbersInsideWhatAServerWrapsAroundThem) {
  const std::string one = "MSG feed 1 20\r\n" + numbered_payload(1, 20) + "\r\n";
  const std::string two = "MSG feed 1 20\r\n" + numbered_payload(2, 20) + "\r\n";
  EXPECT_EQ(found_in({"INFO {}\r\n", one + two, "PING\r\n"}), (Numbers{1, 2}));
}

TEST(NumbersTest, FindsANumberThatIsSplitAnywhere) {
  const std::string text = "MSG feed 1 20\r\n" + numbered_payload(0x123, 20) + "\r\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(found_in({text.substr(0, cut), text.substr(cut)}), Numbers{0x123}) << cut;
  }
}

TEST(NumbersTest, IsNotMisledByItsMarkInOtherText) {
  EXPECT_EQ(found_in({"~~ ~home~" + numbered_payload(5, 16) + "~"}), Numbers{5});
}

}  // namespace
}  // namespace weft::bench
