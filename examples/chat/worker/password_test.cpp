#include "password.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(PasswordTest, KnowsItsPasswordAndNoOther) {
  const std::string hash = hash_password("123456");
  EXPECT_TRUE(is_password("123456", hash));
  EXPECT_FALSE(is_password("123457", hash));
  EXPECT_FALSE(is_password("", hash));
}

TEST(PasswordTest, SaltsEveryHash) { EXPECT_NE(hash_password("a"), hash_password("a")); }

TEST(PasswordTest, LetsNobodyInByAHashThatMakesNoSense) {
  for (const char* hash :
       {"", "123456", "scrypt$1$1$1$$", "scrypt$32768$8$1$00$zz", "md5$32768$8$1$00$00"}) {
    EXPECT_FALSE(is_password("123456", hash)) << hash;
  }
  EXPECT_FALSE(is_password("", nobodys_hash()));
}

}  // namespace
}  // namespace chat
