#include "net/tls_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace weft::net {

// RFC 8446 section B.4.
struct TlsSuite {
  std::uint32_t id;
  const char* cipher_name;
  std::size_t key_size;
  const EVP_MD* (*hash)();
  std::size_t hash_size;
};

namespace {

constexpr std::size_t kTag = 16;
constexpr std::byte kData{23};  // what every sealed record says it is

constexpr std::array kSuites{
    TlsSuite{0x1301, "AES-128-GCM", 16, EVP_sha256, 32},
    TlsSuite{0x1302, "AES-256-GCM", 32, EVP_sha384, 48},
    TlsSuite{0x1303, "ChaCha20-Poly1305", 32, EVP_sha256, 32},
};

/// The thread's context for one cipher: keyed anew for each record, so that connections own none.
class Cipher {
 public:
  explicit Cipher(const TlsSuite& suite)
      : cipher_(EVP_CIPHER_fetch(nullptr, suite.cipher_name, nullptr)),
        context_(EVP_CIPHER_CTX_new()) {
    check(cipher_ && context_ &&
              EVP_CipherInit_ex(context_, cipher_, nullptr, nullptr, nullptr, 1) == 1,
          "OpenSSL has the ciphers that it negotiated");
  }
  Cipher(const Cipher&) = delete;
  ~Cipher() {
    EVP_CIPHER_CTX_free(context_);
    EVP_CIPHER_free(cipher_);
  }
  static Cipher& of(const TlsSuite& suite) {
    thread_local std::array<std::unique_ptr<Cipher>, kSuites.size()> all;
    auto& one = all[static_cast<std::size_t>(&suite - kSuites.data())];
    if (!one) one = std::make_unique<Cipher>(suite);
    return *one;
  }
  EVP_CIPHER_CTX* context() const { return context_; }

 private:
  EVP_CIPHER* cipher_;
  EVP_CIPHER_CTX* context_;
};

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}
unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

// HKDF-Expand-Label (section 7.1) with an empty context, for at most one block of the hash.
void expand_label(const TlsSuite& suite, std::span<const std::byte> secret, std::string_view label,
                  std::span<std::byte> out) {
  std::array<unsigned char, 40> info{0, static_cast<unsigned char>(out.size()),
                                     static_cast<unsigned char>(label.size())};
  const auto end = std::copy(label.begin(), label.end(), info.begin() + 3);
  end[0] = 0;  // no context
  end[1] = 1;  // the first block of HKDF-Expand
  std::array<std::byte, EVP_MAX_MD_SIZE> block;
  HMAC(suite.hash(), secret.data(), static_cast<int>(secret.size()), info.data(), label.size() + 5,
       raw(block.data()), nullptr);
  std::copy_n(block.begin(), out.size(), out.begin());
  OPENSSL_cleanse(block.data(), block.size());
}

std::array<std::byte, kTlsHeader> header_of(std::size_t content) {
  return {kData, std::byte{3}, std::byte{3}, static_cast<std::byte>(content >> 8),
          static_cast<std::byte>(content)};
}

// The cipher gives as many bytes as it takes.
std::byte* update(EVP_CIPHER_CTX* context, std::byte* out, std::span<const std::byte> in) {
  int size = 0;
  EVP_CipherUpdate(context, raw(out), &size, raw(in.data()), static_cast<int>(in.size()));
  return out + size;
}

}  // namespace

const TlsSuite* tls_suite(std::uint32_t id) {
  const auto found = std::ranges::find(kSuites, id & 0xFFFF, &TlsSuite::id);
  return found == kSuites.end() ? nullptr : &*found;
}

std::size_t secret_size(const TlsSuite& suite) { return suite.hash_size; }

TlsKeys::TlsKeys(const TlsSuite& suite, std::span<const std::byte> secret) : suite_(&suite) {
  check(secret.size() == suite.hash_size, "a traffic secret is as long as the suite's hash");
  std::copy(secret.begin(), secret.end(), secret_.begin());
  derive();
}

TlsKeys::~TlsKeys() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  OPENSSL_cleanse(key_.data(), key_.size());
}

void TlsKeys::derive() {
  const std::span<const std::byte> secret = std::span(secret_).first(suite_->hash_size);
  expand_label(*suite_, secret, "tls13 key", std::span(key_).first(suite_->key_size));
  expand_label(*suite_, secret, "tls13 iv", iv_);
  sequence_ = 0;
}

void TlsKeys::renew() {
  const std::span<std::byte> secret = std::span(secret_).first(suite_->hash_size);
  expand_label(*suite_, secret, "tls13 traffic upd", secret);
  derive();
}

// The nonce is the record's number over the end of the iv (section 5.3).
EVP_CIPHER_CTX* TlsKeys::begin(bool sealing, std::span<const std::byte> header) {
  std::array<std::byte, 12> nonce = iv_;
  std::array<std::byte, 8> number;
  store_big_endian(number, sequence_++);
  for (std::size_t i = 0; i < number.size(); ++i) nonce[i + 4] ^= number[i];
  const Cipher& cipher = Cipher::of(*suite_);
  EVP_CipherInit_ex(cipher.context(), nullptr, nullptr, raw(key_.data()), raw(nonce.data()),
                    sealing);
  int size = 0;
  EVP_CipherUpdate(cipher.context(), nullptr, &size, raw(header.data()),
                   static_cast<int>(header.size()));
  return cipher.context();
}

void TlsKeys::seal(std::uint8_t type, std::span<const std::span<const std::byte>> parts,
                   Outbox& out) {
  std::size_t content = 1 + kTag;
  for (const auto& part : parts) content += part.size();
  const auto header = header_of(content);
  EVP_CIPHER_CTX* const context = begin(true, header);
  const auto fill = [&](std::span<std::byte> record) {
    std::byte* to = std::copy(header.begin(), header.end(), record.data());
    for (const auto& part : parts) to = update(context, to, part);
    const std::byte last{type};
    to = update(context, to, {&last, 1});
    int none = 0;
    const bool sealed = EVP_CipherFinal_ex(context, raw(to), &none) == 1 &&
                        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTag, to) == 1;
    check(sealed, "sealing a record cannot fail: nothing may leave unencrypted");
  };
  out.push(SharedBytes::make(header.size() + content, fill));
}

std::optional<std::span<std::byte>> TlsKeys::open(std::span<const std::byte> record,
                                                  std::span<std::byte> plain) {
  if (record.size() < kTlsHeader + kTag + 1) return std::nullopt;
  const std::span<const std::byte> content = record.subspan(kTlsHeader);
  const std::span<const std::byte> sealed = content.first(content.size() - kTag);
  std::array<std::byte, kTag> tag;
  std::ranges::copy(content.last(kTag), tag.begin());
  EVP_CIPHER_CTX* const context = begin(false, record.first(kTlsHeader));
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTag, tag.data());
  update(context, plain.data(), sealed);
  int none = 0;
  std::array<unsigned char, kTag> nothing;
  if (EVP_CipherFinal_ex(context, nothing.data(), &none) != 1) {
    OPENSSL_cleanse(plain.data(), sealed.size());
    return std::nullopt;
  }
  std::size_t size = sealed.size();
  while (size && plain[size - 1] == std::byte{0}) --size;  // padding
  if (!size) return std::nullopt;
  return plain.first(size);
}

}  // namespace weft::net
