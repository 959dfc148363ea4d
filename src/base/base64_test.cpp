#include "base/base64.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace weft {
namespace {

TEST(Base64Test, GivesTheRfcsVectorsBothWays) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(encode_base64(as_bytes(plain)), coded);
    EXPECT_EQ(decode_base64(coded), plain);
  }
}

TEST(Base64Test, RefusesWhatItWouldNotWrite) {
  for (const char* bad : {"Zg=", "Zg", "Zh==", "Zm9=", "Z g=", "Zg==Zg==", "====", "Zm9v\n"})
    EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace weft
