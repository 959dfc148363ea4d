// The keys of one direction of a TLS 1.3 connection (RFC 8446 sections 5.2, 5.3 and 7): seals and
// opens single records and counts them. The ciphers are OpenSSL's; the contexts that they want
// belong to the thread, so that a connection owns 120 bytes.
#pragma once
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/outbox.hpp"

namespace weft::net {

struct TlsSuite;  // which cipher and hash

/// The suite behind OpenSSL's number of it; nullptr when we do not know it.
const TlsSuite* tls_suite(std::uint32_t id);
std::size_t secret_size(const TlsSuite& suite);

/// Of a record, and the most that its header may announce (section 5.2).
inline constexpr std::size_t kTlsHeader = 5, kMostTlsContent = (1 << 14) + 256;

/// One direction.
class TlsKeys {
 public:
  TlsKeys(const TlsSuite& suite, std::span<const std::byte> secret);
  TlsKeys(const TlsKeys&) = delete;
  TlsKeys& operator=(const TlsKeys&) = delete;
  ~TlsKeys();

  /// The next generation (section 7.2); counts from 0 again.
  void renew();
  std::uint64_t records() const { return sequence_; }  ///< sealed or opened with this generation

  /// Appends one record of `type` with all of `parts`, 16 KiB at most, to `out`.
  void seal(std::uint8_t type, std::span<const std::span<const std::byte>> parts, Outbox& out);
  /// Opens the whole `record` into `plain`, which takes all of its content; gives the bytes before
  /// the padding, the last of which is the type. nullopt = not authentic, or empty.
  std::optional<std::span<std::byte>> open(std::span<const std::byte> record,
                                           std::span<std::byte> plain);

 private:
  void derive();
  EVP_CIPHER_CTX* begin(bool sealing, std::span<const std::byte> header);

  const TlsSuite* suite_;
  std::uint64_t sequence_ = 0;
  std::array<std::byte, 48> secret_;
  std::array<std::byte, 32> key_;
  std::array<std::byte, 12> iv_;
};

}  // namespace weft::net
