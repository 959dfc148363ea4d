#include "password.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

namespace chat {
namespace {

using Bytes = std::vector<unsigned char>;

/// Memory is 128 * n * r bytes: 32 MiB, some 80 ms.
struct Cost {
  std::uint64_t n = 1 << 15, r = 8, p = 1;
};
constexpr std::size_t kSaltSize = 16, kHashSize = 32;
constexpr std::uint64_t kMaxMemory = 64 << 20;

Bytes scrypt(std::string_view password, const Bytes& salt, Cost cost) {
  Bytes hash(kHashSize);
  const int done = EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(),
                                  cost.n, cost.r, cost.p, kMaxMemory, hash.data(), hash.size());
  return done == 1 ? hash : Bytes();
}

std::string to_hex(const Bytes& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* at = text.data() + 2 * i;
    const auto [stop, error] = std::from_chars(at, at + 2, bytes[i], 16);
    if (error != std::errc() || stop != at + 2) return std::nullopt;
  }
  return bytes;
}

std::string format(Cost cost, const Bytes& salt, const Bytes& hash) {
  return "scrypt$" + std::to_string(cost.n) + '$' + std::to_string(cost.r) + '$' +
         std::to_string(cost.p) + '$' + to_hex(salt) + '$' + to_hex(hash);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

std::string hash_password(std::string_view password) {
  Bytes salt(kSaltSize);
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    throw std::runtime_error("no random bytes");
  const Bytes hash = scrypt(password, salt, Cost());
  if (hash.empty()) throw std::runtime_error("scrypt failed");
  return format(Cost(), salt, hash);
}

bool is_password(std::string_view password, std::string_view hash) {
  const auto parts = split(hash, '$');
  if (parts.size() != 6 || parts[0] != "scrypt") return false;
  const auto salt = from_hex(parts[4]), wanted = from_hex(parts[5]);
  if (!salt || !wanted || wanted->size() != kHashSize) return false;
  const Bytes given =
      scrypt(password, *salt, {number(parts[1]), number(parts[2]), number(parts[3])});
  return given.size() == wanted->size() &&
         CRYPTO_memcmp(given.data(), wanted->data(), given.size()) == 0;
}

const std::string& nobodys_hash() {
  static const std::string hash = format(Cost(), Bytes(kSaltSize), Bytes(kHashSize));
  return hash;
}

}  // namespace chat
