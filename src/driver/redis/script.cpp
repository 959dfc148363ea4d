#include "driver/redis/script.hpp"

#include <openssl/sha.h>

#include <array>

namespace weft::redis {
namespace {

std::string sha1_of(std::string_view text) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned byte : digest) hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  return hex;
}

std::vector<std::string> command(const char* name, const std::string& script,
                                 const std::vector<std::string>& arguments) {
  std::vector<std::string> words{name, script, "0"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

Script::Script(std::string_view lua) : lua_(lua), hash_(sha1_of(lua)) {}

std::vector<std::string> Script::by_hash(const std::vector<std::string>& arguments) const {
  return command("EVALSHA", hash_, arguments);
}

std::vector<std::string> Script::in_full(const std::vector<std::string>& arguments) const {
  return command("EVAL", lua_, arguments);
}

}  // namespace weft::redis
