#include "net/tls.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace weft::net {
namespace {

constexpr std::size_t kPumpLimit = 64 << 10;

int clamp_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

std::string last_openssl_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

error_code fatal_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  return code ? error_code(static_cast<int>(code), boost::asio::error::get_ssl_category())
              : error_code(boost::asio::ssl::error::stream_truncated);
}

std::shared_ptr<SSL_CTX> load(const std::string& certificate, const std::string& key) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_NO_COMPRESSION);
  // Clients resume with tickets that they keep; the server remembers nobody. One ticket is enough
  // for a client that holds one connection.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1)
    throw std::runtime_error("TLS certificate " + certificate + ": " + last_openssl_error());
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("TLS key " + key + ": " + last_openssl_error());
  if (SSL_CTX_check_private_key(context.get()) != 1)
    throw std::runtime_error("TLS key " + key + " does not belong to certificate " + certificate);
  return context;
}

}  // namespace

/// The BIO that a session's OpenSSL reads from and writes to.
struct TlsBio {
  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    std::span<const std::byte>* in = session(bio).in_;
    if (!in || in->empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(in->size(), static_cast<std::size_t>(size));
    std::memcpy(out, in->data(), taken);
    *in = in->subspan(taken);
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const std::string_view record(data, static_cast<std::size_t>(size));
    if (Outbox* out = session(bio).out_) out->append(as_bytes(record), {});
    return size;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO* make(TlsSession& session) {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    BIO* bio = BIO_new(method);
    BIO_set_data(bio, &session);
    BIO_set_init(bio, 1);
    return bio;
  }

 private:
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }
};

/// Where OpenSSL reads and writes during one call.
class TlsSession::Wires {
 public:
  Wires(TlsSession& session, std::span<const std::byte>* in, Outbox& out) : session_(session) {
    session.in_ = in;
    session.out_ = &out;
  }
  ~Wires() {
    session_.in_ = nullptr;
    session_.out_ = nullptr;
  }
  Wires(const Wires&) = delete;

 private:
  TlsSession& session_;
};

TlsSession::TlsSession(SSL* ssl) : ssl_(ssl) {
  BIO* const bio = TlsBio::make(*this);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
}

Result<std::size_t> TlsSession::read(std::span<const std::byte>& cipher, std::span<std::byte> plain,
                                     Outbox& out) {
  const Wires wires(*this, &cipher, out);
  std::size_t got = 0;
  while (got < plain.size()) {
    const int size = SSL_read(ssl_.get(), plain.data() + got, clamp_size(plain.size() - got));
    if (size > 0) {
      got += static_cast<std::size_t>(size);
      continue;
    }
    const int reason = SSL_get_error(ssl_.get(), size);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) break;
    if (got) {  // an error comes again, after what was before it is taken
      ERR_clear_error();
      break;
    }
    if (reason == SSL_ERROR_ZERO_RETURN) return error_code(boost::asio::error::eof);
    return fatal_tls_error();
  }
  return got;
}

void TlsSession::pump(Outbox& out) {
  if (plain_.empty() || !is_established()) return;
  const Wires wires(*this, nullptr, out);
  while (!plain_.empty() && out.bytes() < kPumpLimit) {
    iovec part{};
    plain_.gather({&part, 1});
    const int size = SSL_write(ssl_.get(), part.iov_base, clamp_size(part.iov_len));
    if (size <= 0) {
      ERR_clear_error();
      break;
    }
    plain_.consume(static_cast<std::size_t>(size));
  }
}

void TlsSession::close_notify(Outbox& out) {
  const Wires wires(*this, nullptr, out);
  if (is_established()) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsContext::TlsContext(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {
  reload();
}

void TlsContext::reload() { context_.store(load(certificate_file_, key_file_)); }

std::unique_ptr<TlsSession> TlsContext::new_session() const {
  return std::make_unique<TlsSession>(SSL_new(context_.load().get()));
}

}  // namespace weft::net
