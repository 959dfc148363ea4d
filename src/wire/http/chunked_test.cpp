#include "wire/http/chunked.hpp"

#include <gtest/gtest.h>

namespace weft::http {
namespace {

constexpr std::size_t kMaxBody = 1000;

/// The error of a body fed at once, none when it is good or not whole.
error_code error_of(std::string_view in, std::size_t max_body = kMaxBody) {
  ChunkedDecoder decoder(max_body);
  std::string body;
  const auto fed = decoder.feed(in, body);
  return fed ? error_code{} : fed.error();
}

constexpr std::string_view kBody =
    "5\r\nHello\r\nA;name=\"v\"\r\n, chunked \r\n0\r\nTrailer: x\r\n\r\n";

TEST(ChunkedTest, ReadsABodyAndLeavesTheNextRequestAlone) {
  ChunkedDecoder decoder(kMaxBody);
  std::string body;
  std::string in(kBody);
  in.append("GET /");
  EXPECT_EQ(decoder.feed(in, body).value(), kBody.size());
  EXPECT_TRUE(decoder.is_done());
  EXPECT_EQ(body, "Hello, chunked ");
}

TEST(ChunkedTest, EverySplitGivesTheSameBody) {
  for (std::size_t cut = 0; cut < kBody.size(); ++cut) {
    ChunkedDecoder decoder(kMaxBody);
    std::string body;
    EXPECT_EQ(decoder.feed(kBody.substr(0, cut), body).value(), cut);
    EXPECT_FALSE(decoder.is_done());
    EXPECT_EQ(decoder.feed(kBody.substr(cut), body).value(), kBody.size() - cut);
    EXPECT_TRUE(decoder.is_done());
    EXPECT_EQ(body, "Hello, chunked ");
  }
}

TEST(ChunkedTest, Item07ASizeIsOneToSixteenHexDigits) {
  for (const char* bad :
       {"\r\n", "0x1\r\n", "1_0\r\n", "10000000000000000\r\n", "00000000000000001\r\n", "+1\r\n",
        "-1\r\n", " 1\r\n", "1 \r\n", "g\r\n", ";a\r\n", "1\n", "1\r1"})
    EXPECT_EQ(error_of(bad), HttpErrc::bad_chunk) << bad;
  EXPECT_EQ(error_of("0000000000000001\r\n"), error_code{});
}

TEST(ChunkedTest, Item07LinesEndInCrLfAndDataWhereItWasSaid) {
  for (const char* bad :
       {"1\r\nab\r\n", "1\r\na\n", "1\r\na\rx", "1\r\na0\r\n", "0\r\n\n", "0\r\n\rx", "0\r\nA: b\n",
        "0\r\nA: b\r\r", "1;a\nb\r\n", "0\r\n folded\r\n", "0\r\n: x\r\n", "1;\x01\r\n"})
    EXPECT_EQ(error_of(bad), HttpErrc::bad_chunk) << bad;
}

TEST(ChunkedTest, ABodyOfExactlyTheLimitPasses) {
  EXPECT_EQ(error_of("4\r\nabcd\r\n1\r\n", 5), error_code{});
  EXPECT_EQ(error_of("4\r\nabcd\r\n2\r", 5), HttpErrc::body_too_large);
  EXPECT_EQ(error_of("ffffffffffffffff;", kMaxBody), HttpErrc::body_too_large);
}

TEST(ChunkedTest, ExtensionsAndTrailersAreBounded) {
  EXPECT_EQ(error_of("1;" + std::string(10000, 'x')), HttpErrc::bad_chunk);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 2000; ++i) trailers += "A: b\r\n";
  EXPECT_EQ(error_of(trailers), HttpErrc::bad_chunk);
}

TEST(ChunkedTest, AnErrorIsFinal) {
  ChunkedDecoder decoder(kMaxBody);
  std::string body;
  EXPECT_FALSE(decoder.feed("x", body));
  EXPECT_FALSE(decoder.feed("0\r\n\r\n", body));
  EXPECT_FALSE(decoder.is_done());
}

}  // namespace
}  // namespace weft::http
