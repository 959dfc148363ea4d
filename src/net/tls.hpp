// TLS on the data plane: OpenSSL over memory BIOs, so that the socket stays with the stream and its
// poller. Certificates are reloaded without touching the connections that are open.
#pragma once
#include <openssl/ssl.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "base/shared_bytes.hpp"
#include "net/outbox.hpp"
#include "weft/result.hpp"

namespace weft::net {

/// One connection's TLS state.
class TlsSession {
 public:
  explicit TlsSession(SSL* ssl);

  /// Cipher text from the socket.
  void feed(std::span<const std::byte> cipher);
  /// Plain text out of what was fed: 0 = nothing more now. Errors: eof after close_notify, any
  /// other is fatal.
  Result<std::size_t> read(std::span<std::byte> plain);
  /// Plain text that waits; it is encrypted by pump().
  Outbox& plain() { return plain_; }
  /// Moves cipher text that is ready, at most about 64 KiB of it, into `out`.
  void pump(Outbox& out);
  void close_notify();
  bool is_established() const { return SSL_is_init_finished(ssl_.get()); }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  BIO* in_;   // owned by ssl_
  BIO* out_;  // owned by ssl_
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
