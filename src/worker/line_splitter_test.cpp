#include "worker/line_splitter.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weft::worker {
namespace {

std::vector<std::string> lines_of(const std::vector<std::string>& parts, std::size_t max = 100) {
  LineSplitter splitter(max);
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line) { lines.emplace_back(line); };
  for (const std::string& part : parts) splitter.feed(part, take);
  splitter.finish(take);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LineSplitterTest, GivesLinesHoweverTheBytesAreCut) {
  EXPECT_EQ(lines_of({"one\ntw", "o\r\n", "", "thr", "ee"}), (Lines{"one", "two", "three"}));
}

TEST(LineSplitterTest, KeepsEmptyLines) { EXPECT_EQ(lines_of({"\n\na\n"}), (Lines{"", "", "a"})); }

TEST(LineSplitterTest, CutsALongLineAndGoesOnWithTheNext) {
  EXPECT_EQ(lines_of({"123", "456", "789\nab\n"}, 4), (Lines{"1234 …", "ab"}));
  EXPECT_EQ(lines_of({"1234\n"}, 4), (Lines{"1234"}));
}

}  // namespace
}  // namespace weft::worker
