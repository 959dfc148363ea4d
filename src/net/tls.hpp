// TLS on the data plane. OpenSSL reads from the bytes that the loop has just received and writes
// into the outbox that the loop will flush, through a BIO of our own: the socket stays with the
// stream and its poller, and nothing is buffered in between.
//
// When a TLS 1.3 handshake is done, OpenSSL's connection is let go: its keys go to TlsRecords
// (tls_records.hpp), for which what OpenSSL has already sealed must prove that keys and count are
// right. Where that fails, and with TLS 1.2, the connection stays with OpenSSL.
//
// Invariant: between calls a session holds no cipher text but the start of a record whose end has
// not come, because read() is called until it gives 0. An idle session owns no buffers.
#pragma once
#include <openssl/ssl.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "net/outbox.hpp"
#include "net/tls_records.hpp"
#include "weft/result.hpp"

namespace weft::net {

/// One connection's TLS state. Does not move: OpenSSL knows its address.
class TlsSession {
 public:
  explicit TlsSession(SSL* ssl);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Plain text out of `cipher`, whose front it takes off; answers of the handshake go to `out`.
  /// Call it until it gives 0 = nothing more before new cipher text. The two memories must not
  /// overlap. Errors: eof after close_notify, any other is fatal; plain text before it is given
  /// first.
  Result<std::size_t> read(std::span<const std::byte>& cipher, std::span<std::byte> plain,
                           Outbox& out);
  /// Plain text that waits; it is encrypted by pump().
  Outbox& plain() { return plain_; }
  /// Encrypts what waits into `out` until that holds about 64 KiB.
  void pump(Outbox& out);
  void close_notify(Outbox& out);
  bool is_established() const { return records_ || SSL_is_init_finished(ssl_.get()); }
  bool is_light() const { return records_ != nullptr; }  ///< OpenSSL's connection was let go

 private:
  friend struct TlsBio;
  friend class TlsContext;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  class Wires;
  struct Secrets;
  static void note_secret(const SSL* ssl, const char* line);
  error_code shake_hands();
  void let_go();

  std::unique_ptr<SSL, Free> ssl_;  // or
  std::unique_ptr<TlsRecords> records_;
  std::unique_ptr<Secrets> secrets_;          // during the handshake
  std::span<const std::byte>* in_ = nullptr;  // during a call
  Outbox* out_ = nullptr;                     // during a call
  Outbox plain_;
};

/// Certificate and key of one listener.
class TlsContext {
 public:
  /// Throws std::runtime_error that names the file and what is wrong with it.
  TlsContext(std::string certificate_file, std::string key_file);

  /// Reads the files again; on failure the old certificate stays. Throws as the constructor does.
  void reload();
  /// Any loop.
  std::unique_ptr<TlsSession> new_session() const;

 private:
  std::string certificate_file_, key_file_;
  std::atomic<std::shared_ptr<SSL_CTX>> context_;
};

}  // namespace weft::net
