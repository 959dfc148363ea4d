#include "base/base64.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace weft {
namespace {

TEST(Base64Test, EncodesTheExamplesOfTheRfc) {
  EXPECT_EQ(encode_base64(as_bytes("")), "");
  EXPECT_EQ(encode_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(encode_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(encode_base64(as_bytes("foobar")), "Zm9vYmFy");
}

TEST(Base64Test, DecodesWhatItEncodedForEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (std::size_t n = 0; n < 4; ++n)
    EXPECT_EQ(decode_base64(encode_base64(as_bytes(all).subspan(n))), all.substr(n));
}

TEST(Base64Test, PaddingMayBeLeftOut) { EXPECT_EQ(decode_base64("Zg"), "f"); }

TEST(Base64Test, RefusesForeignCharactersBadLengthsAndLeftOverBits) {
  for (const char* bad : {"Zg=", "Z", "Zm8 ", "Z===", "Zm9v\n", "Zh==", "Zg==Zg==", "Zm-_"})
    EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace weft
