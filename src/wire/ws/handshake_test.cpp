#include "wire/ws/handshake.hpp"

#include <gtest/gtest.h>

#include "wire/ws/test_frames.hpp"

namespace weft::ws {
namespace {

using Headers = std::vector<std::string_view>;

std::string answer_to(const Headers& headers, const DeflateOffer& ours = {}) {
  const auto agreed = negotiate_deflate(headers, ours);
  return agreed ? format(*agreed) : "none";
}

const std::string kPlain =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(HandshakeTest, AnswersTheKeyOfTheRfc) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(HandshakeTest, MakesKeysThatAreValid) {
  const Bytes random = bytes("the sample nonce");
  const std::string key = make_key(std::span(random).first<16>());
  EXPECT_EQ(key, "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_TRUE(is_valid_key(key));
}

TEST(HandshakeTest, Item01RefusesKeysThatAreNotSixteenBytesOfBase64) {
  for (const char* bad :
       {"", "AAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAA===", "AAAAAAAAAAAAAAAAAAAAAB==", "AAAAAAAAAAAAAAAAAAAA-A==",
        "AAAAAAAAAAAAAAAAAAAAAA==A", " AAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA==="})
    EXPECT_FALSE(is_valid_key(bad)) << bad;
}

TEST(HandshakeTest, AgreesToForgetContextsUnlessToldOtherwise) {
  EXPECT_EQ(answer_to({"permessage-deflate"}), kPlain);
  EXPECT_EQ(answer_to({"permessage-deflate"}, {.context_takeover = true}), "permessage-deflate");
  EXPECT_EQ(
      answer_to({"permessage-deflate; server_no_context_takeover"}, {.context_takeover = true}),
      "permessage-deflate; server_no_context_takeover");
}

TEST(HandshakeTest, TakesWhatBrowsersOffer) {
  EXPECT_EQ(answer_to({"permessage-deflate; client_max_window_bits"}), kPlain);
}

TEST(HandshakeTest, HonoursTheWindowAClientAsksOfUs) {
  EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits=10"}),
            kPlain + "; server_max_window_bits=10");
  EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits=15"}),
            kPlain + "; server_max_window_bits=15");
  EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits=8"}), "none");
}

TEST(HandshakeTest, AsksForASmallerWindowOnlyOfClientsThatKnowHow) {
  const DeflateOffer ours{.client_max_window_bits = 11};
  EXPECT_EQ(answer_to({"permessage-deflate; client_max_window_bits"}, ours),
            kPlain + "; client_max_window_bits=11");
  EXPECT_EQ(answer_to({"permessage-deflate; client_max_window_bits=9"}, ours),
            kPlain + "; client_max_window_bits=9");
  EXPECT_EQ(answer_to({"permessage-deflate"}, ours), kPlain);
}

TEST(HandshakeTest, Item23DeclinesBadOffersAndTriesTheNext) {
  for (const char* bad : {"client_max_window_bits=7",
                          "client_max_window_bits=16",
                          "client_max_window_bits=abc",
                          "client_max_window_bits=\"\"",
                          "client_max_window_bits=",
                          "client_max_window_bits=09",
                          "client_max_window_bits=+9",
                          "server_max_window_bits",
                          "server_max_window_bits=7",
                          "server_max_window_bits=16",
                          "server_max_window_bits=\"\"",
                          "server_max_window_bits=99999999999",
                          "server_no_context_takeover=1",
                          "client_no_context_takeover=\"\"",
                          "server_no_context_takeover; server_no_context_takeover",
                          "client_max_window_bits; client_max_window_bits",
                          "server_max_window_bits=9; server_max_window_bits=9",
                          "unknown",
                          "Server_no_context_takeover",
                          "=",
                          ";",
                          "@"}) {
    const std::string offer = std::string("permessage-deflate; ") + bad;
    EXPECT_EQ(answer_to({offer}), "none") << bad;
    EXPECT_EQ(answer_to({offer + ", permessage-deflate"}), kPlain) << bad;
    EXPECT_EQ(answer_to({offer, "permessage-deflate"}), kPlain) << bad;
  }
}

TEST(HandshakeTest, Item23ReadsQuotedValuesAsTheGrammarAllows) {
  EXPECT_EQ(answer_to({"permessage-deflate;server_max_window_bits=\"10\""}),
            kPlain + "; server_max_window_bits=10");
  EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits = \"1\\0\" "}),
            kPlain + "; server_max_window_bits=10");
  EXPECT_EQ(answer_to({"foo; x=\"a\\\"b, permessage-deflate\", permessage-deflate"}), kPlain);
  EXPECT_EQ(answer_to({"foo; x=\"never closed, permessage-deflate"}), "none");
}

TEST(HandshakeTest, Item23SurvivesManyOffers) {
  std::string offers;
  for (int i = 0; i < 100; ++i) offers += "permessage-deflate; server_max_window_bits=7, ";
  EXPECT_EQ(answer_to({offers}), "none");
  EXPECT_EQ(answer_to({offers + "permessage-deflate"}), kPlain);
}

TEST(HandshakeTest, IgnoresOtherExtensionsAndEmptyElements) {
  EXPECT_EQ(answer_to({}), "none");
  EXPECT_EQ(answer_to({"", " , ,"}), "none");
  EXPECT_EQ(answer_to({"x-webkit-deflate-frame, , permessage-deflate"}), kPlain);
  EXPECT_EQ(answer_to({"permessage-deflate2"}), "none");
}

TEST(HandshakeTest, AClientUnderstandsTheAnswerToItsOffer) {
  for (const bool takeover : {false, true}) {
    const DeflateOffer ours{.context_takeover = takeover, .server_max_window_bits = 12};
    const std::string offer = format_offer(ours);
    const auto agreed =
        negotiate_deflate(Headers{offer}, {.context_takeover = true, .client_max_window_bits = 10});
    const std::string answer = format(agreed.value());
    EXPECT_EQ(read_deflate_answer(Headers{answer}, ours).value(), agreed) << answer;
  }
  EXPECT_EQ(read_deflate_answer(Headers{}, {}).value(), std::nullopt);
}

TEST(HandshakeTest, AClientRefusesAnswersThatBreakTheRules) {
  for (const char* bad :
       {"permessage-deflate; client_max_window_bits", "permessage-deflate; unknown", "other",
        "permessage-deflate; server_max_window_bits=15, permessage-deflate",
        "permessage-deflate; ="})
    EXPECT_FALSE(read_deflate_answer(Headers{bad}, {.context_takeover = true})) << bad;
  EXPECT_FALSE(read_deflate_answer(Headers{"permessage-deflate"}, {}));
  EXPECT_FALSE(read_deflate_answer(Headers{"permessage-deflate"},
                                   {.context_takeover = true, .server_max_window_bits = 9}));
}

}  // namespace
}  // namespace weft::ws
