// TLS 1.3 records after the handshake (RFC 8446 section 5): one AEAD key and a counter for each
// direction, 300 bytes in all, where OpenSSL's connection takes 14 KiB. The handshake, certificates
// and ciphers stay OpenSSL's; this is only how records are cut, counted and sealed. Knows no
// sockets and no handshake messages but KeyUpdate.
//
// Invariants: a record is opened once and in order, so that what fails to authenticate ends the
// connection with an alert and nothing is ever read after it. Only the start of a record whose end
// has not come is kept. Keys are
// wiped when they are replaced or destroyed.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "net/outbox.hpp"
#include "net/tls_keys.hpp"
#include "weft/result.hpp"

namespace weft::net {

class TlsRecords {
 public:
  static constexpr std::size_t kMostPlain = 1 << 14;
  static constexpr std::uint64_t kRecordsPerKey = 1 << 24;  // section 5.5

  /// `sent`: every record that the server's key has sealed so far, which must open one after the
  /// other: that proves the key and the count. nullptr when they do not, or when there is none.
  static std::unique_ptr<TlsRecords> take_over(const TlsSuite& suite,
                                               std::span<const std::byte> client_secret,
                                               std::span<const std::byte> server_secret,
                                               std::span<const std::byte> sent);
  TlsRecords(const TlsSuite& suite, std::span<const std::byte> client_secret,
             std::span<const std::byte> server_secret)
      : in_(suite, client_secret), out_(suite, server_secret) {}

  /// As TlsSession::read(), pump() and close_notify().
  Result<std::size_t> read(std::span<const std::byte>& cipher, std::span<std::byte> plain,
                           Outbox& out);
  void pump(Outbox& waiting, Outbox& out, std::size_t limit);
  void close_notify(Outbox& out);

 private:
  enum class Alert : std::uint8_t;
  bool prove(std::span<const std::byte> sent);
  std::span<const std::byte> next_record(std::span<const std::byte>& cipher);
  std::size_t read_record(std::span<const std::byte> record, std::span<std::byte> plain,
                          Outbox& out);
  void read_handshake(std::span<const std::byte> message, Outbox& out);
  void read_alert(std::span<const std::byte> alert);
  void fail(Alert alert, Outbox& out);
  void renew_own(Outbox& out);

  TlsKeys in_, out_;
  std::vector<std::byte> partial_;  // the start of a record
  error_code ended_;
  bool must_renew_ = false;  // the client asked for it: before our next record
};

}  // namespace weft::net
